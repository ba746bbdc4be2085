/** What may be shown of an address: scheme, host and path. User info and query may hold credentials. */
export const destinationOf = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`;

/** `Authorization` for the user info of an address; undefined when it has none. */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

/** A lone `%` stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Header values take visible ASCII: any other character of an id that a broker gave goes percent-encoded. */
export const headerText = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\x21-\x7e]/g, percentEncoded);

const percentEncoded = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
