import { report } from '../../../../cli/demo/report.ts';
import { jobView } from '../../../../lib/jobs/view.ts';
import { checkJsonLines } from '../../../support/json-lines.ts';
import { anUpload, aRenderedCommand, theFacts } from '../../lib/jobs/a-job.ts';

test('with --json the demo gives its jobs as dqm job does, and nothing else', () => {
  const activities = [aRenderedCommand(), anUpload()];
  const facts = theFacts({ info: { status: 'COMPLETED', state: 'completed' }, history: { activities } });
  const job = jobView(facts, { uiUrl: 'http://127.0.0.1:8233', namespace: 'default' });
  let written = '';
  const outcome = { jobs: [job, job], letters: [], sent: [], page: '', received: [], uiUrl: '', keep: false };
  report(outcome, {
    json: true,
    isTerminal: false,
    columns: 80,
    colour: false,
    write: (text) => void (written += text),
  });
  expect(checkJsonLines('demo', written)).toEqual([job, job]);
});
