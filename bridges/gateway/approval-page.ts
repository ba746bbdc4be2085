import type { OpenApproval } from '../../lib/contract/approvals.ts';
import type { StagedResult } from '../../lib/contract/job-input.ts';

/** What browsers show, and nothing that may hold a script. */
const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/;

export const isPicture = ({ mimeType }: StagedResult): boolean => PICTURE.test(mimeType);

/** What a person is to decide. Looking decides nothing, since mail scanners look too; only its buttons do. */
export function approvalPage(
  workflowId: string,
  { who, deadlineMs, preview }: OpenApproval,
  previewPath: string,
): string {
  const until = deadlineMs === null ? '' : `<p>Until ${escaped(new Date(deadlineMs).toUTCString())}.</p>`;
  return page(
    `Approval of ${who}`,
    `<p>Job <code>${escaped(workflowId)}</code> waits for this decision.</p>${until}${previewOf(preview, previewPath)}
<form method="post">
<label>Note for the job <textarea name="note" maxlength="1000" rows="3"></textarea></label>
<button name="decision" value="approved">Approve</button>
<button name="decision" value="declined">Decline</button>
</form>`,
  );
}

export const messagePage = (title: string, text: string): string => page(title, `<p>${escaped(text)}</p>`);

const previewOf = (preview: StagedResult | null, path: string): string => {
  if (preview === null) return '';
  if (isPicture(preview)) return `<img src="${escaped(path)}" alt="The preview is gone from the result store">`;
  return `<p>Preview: ${escaped(preview.mimeType)}, ${preview.size} bytes, <code>${escaped(preview.uri)}</code></p>`;
};

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
img { display: block; max-width: 100%; margin: 1rem 0; background: #eee; }
textarea { display: block; width: 100%; box-sizing: border-box; font: inherit; margin-bottom: 1rem; }
button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem; }
</style></head>
<body><h1>${escaped(title)}</h1>
${content}
</body></html>
`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
