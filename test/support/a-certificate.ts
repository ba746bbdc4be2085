import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed certificate for 127.0.0.1 and localhost, valid for a day. Needs openssl on the path. */
export function aCertificate(): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'dqm-certificate-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  // Rust's TLS takes no authority's certificate for a server's.
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    const certificate = ['-days', '1', '-subj', '/CN=localhost', '-addext', names, ...leaf, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', ...key, ...certificate], { stdio: 'pipe' });
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface TestAuthority {
  /** A file, as are what it issues. */
  ca: string;
  /** A certificate of this common name, for 127.0.0.1 and localhost. */
  issue(name: string): { cert: string; key: string };
  /** Deletes the files. */
  remove(): void;
}

/** An authority of a test's own. Needs openssl on the path. */
export function anAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'dqm-authority-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const ca = file('ca.pem');
  openssl('req', '-x509', ...newKey, '-subj', '/CN=dqm-test-authority', '-keyout', file('ca.key'), '-out', ca);
  return {
    ca,
    issue: (name) => {
      const [cert, key] = [file(`${name}.pem`), file(`${name}.key`)];
      const issuer = ['-CA', ca, '-CAkey', file('ca.key')];
      const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=CA:FALSE'];
      openssl('req', '-x509', ...newKey, ...issuer, '-subj', `/CN=${name}`, ...names, '-keyout', key, '-out', cert);
      return { cert, key };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
