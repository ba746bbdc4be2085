import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import type { Client } from '@temporalio/client';

import { decideApproval, NotDecided, openApprovals } from '../../lib/approvals/decide.ts';
import { readApprovalToken, type ApprovalLink } from '../../lib/approvals/token.ts';
import type { Decision, OpenApproval } from '../../lib/contract/approvals.ts';
import { errorText, type Log } from '../../lib/log.ts';
import { NoSuchResult, type ResultStore } from '../../lib/results/store.ts';

import { approvalPage, isPicture, messagePage } from './approval-page.ts';

/** Under this path only links to approvals are answered. */
export const APPROVALS_PATH = '/dqm/approvals/';

export interface ApprovalsDeps {
  /** Throws while the engine has not been reached. */
  client: () => Client;
  /** Where previews lie. */
  store: ResultStore;
  signingSecret: string;
  log: Log;
}

/** Answers `/dqm/approvals/<token>` and `…/<token>/preview`. The token is the credential: no other is asked for. */
export type Approvals = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Nothing from elsewhere, no script, nobody's frame; the address holds the credential, so it goes nowhere. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex',
};

export function createApprovals({ client, store, signingSecret, log }: ApprovalsDeps): Approvals {
  /** The asking that a link is about, while it is open. */
  const findOpen = async (link: ApprovalLink): Promise<OpenApproval | undefined> => {
    const open = await openApprovals(client(), link.workflowId);
    return open.find(({ approval, askedMs }) => approval === link.approval && askedMs === link.askedMs);
  };

  async function show(link: ApprovalLink, token: string, response: ServerResponse): Promise<void> {
    const open = await findOpen(link);
    if (!open) return send(response, 410, messagePage('Nothing to decide', DECIDED));
    send(response, 200, approvalPage(link.workflowId, open, `${token}/preview`));
  }

  async function preview(link: ApprovalLink, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = (await findOpen(link))?.preview;
    if (!result || !isPicture(result)) return send(response, 404, messagePage('No preview', 'There is none to show.'));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const bytes = await store.open(result, gone.signal);
    response.writeHead(200, { ...HEADERS, 'Content-Type': result.mimeType, 'Content-Length': result.size });
    if (request.method !== 'HEAD') return pipeline(bytes, response);
    bytes.destroy();
    response.end();
  }

  async function decide(link: ApprovalLink, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await formOf(request);
    const decision = form?.get('decision');
    if (!form || !isDecision(decision)) {
      return send(response, 400, messagePage('Nothing was decided', 'Use one of the two buttons of the page.'));
    }
    const note = form.get('note')?.trim() || null;
    const { workflowId, approval, askedMs } = link;
    await decideApproval(client(), workflowId, { approval, askedMs, decision, note });
    log.info('Approval decided by its link', { workflowId, approval, decision });
    send(response, 200, messagePage(decision === 'approved' ? 'Approved' : 'Declined', 'The job goes on. Thank you.'));
  }

  return async (path, request, response) => {
    const [token = '', part, ...more] = path.slice(APPROVALS_PATH.length).split('/');
    const read = readApprovalToken(token, signingSecret, Date.now());
    if ('reason' in read) return send(response, 404, messagePage('This link decides nothing', `${read.reason}.`));
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    try {
      if (more.length > 0 || (part !== undefined && !(part === 'preview' && isRead))) {
        return send(response, 404, messagePage('No such page', 'The link is longer than it was sent.'));
      }
      if (part === 'preview') return await preview(read.link, request, response);
      if (isRead) return await show(read.link, token, response);
      if (request.method === 'POST') return await decide(read.link, request, response);
      send(response, 405, messagePage('Nothing was decided', 'Open the link in a browser.'));
    } catch (error) {
      // A preview whose bytes broke off in their middle.
      if (response.headersSent) return void response.destroy();
      if (error instanceof NoSuchResult) return send(response, 410, messagePage('The preview is gone', GONE));
      const status = error instanceof NotDecided ? 409 : 503;
      send(response, status, messagePage('Nothing was decided', `${errorText(error)}.`));
    }
  };
}

const DECIDED = 'It was decided already, its time is over, or the job has ended.';

const GONE = 'The result store holds it no longer. The approval still waits for a decision.';

const isDecision = (value: unknown): value is Decision => value === 'approved' || value === 'declined';

function send(response: ServerResponse, status: number, page: string): void {
  // What is still to come of a request that was not read is not waited for.
  const end = response.req.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { ...HEADERS, ...end, 'Content-Type': 'text/html; charset=utf-8' });
  response.end(response.req.method === 'HEAD' ? undefined : page);
}

/** A note, and little else. */
const MOST_FORM_BYTES = 16 * 1024;

/** Undefined when it is longer than a form of ours can be. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_FORM_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}
