/** One finished picture of the demo. */
export interface SheetEntry {
  title: string;
  /** Relative to the page. */
  file: string;
  host: string;
  gpuSeconds: number;
  destinations: string[];
  link: string | null;
}

/** A page of its own: pictures, who rendered them, where they went. Opens from disk. */
export function contactSheet(entries: readonly SheetEntry[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>dqm demo</title>
<style>
  body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; background: #14161a; color: #dfe3ea; }
  main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }
  figure { margin: 0; background: #1d2027; border-radius: 8px; overflow: hidden; }
  img { display: block; width: 100%; }
  figcaption { padding: .75rem 1rem 1rem; }
  h2 { margin: 0 0 .25rem; font-size: 1.05rem; }
  p, li { color: #9aa3b2; overflow-wrap: anywhere; }
  p { margin: 0; } ul { margin: .25rem 0; padding-left: 1.1rem; } a { color: #7db3ff; }
</style>
<h1>Delivered by dqm</h1>
<main>
${entries.map(figure).join('\n')}
</main>
</html>
`;
}

const figure = ({ title, file, host, gpuSeconds, destinations, link }: SheetEntry): string => `<figure>
  <img src="${escaped(file)}" alt="${escaped(title)}">
  <figcaption>
    <h2>${escaped(title)}</h2>
    <p>rendered on ${escaped(host)} in ${gpuSeconds.toFixed(1)} s, delivered to</p>
    <ul>${destinations.map((destination) => `<li>${escaped(destination)}</li>`).join('')}</ul>
    ${link === null ? '' : `<p><a href="${escaped(link)}">its history in Temporal</a> (while the demo runs)</p>`}
  </figcaption>
</figure>`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
