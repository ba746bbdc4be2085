import { fillTemplates, unknownVariable } from '../../../../lib/contract/templates.ts';

const variables = {
  message_id: 'm-1',
  mime_ext: 'png',
  job_id: 'chair-1',
  queue_name: 'renders',
  command: 'render_product',
};
const fill = (value: unknown) => fillTemplates(value, variables);

test.each([
  ['chairs/${message_id}.${mime_ext}', 'chairs/m-1.png'],
  ['${job_id}/${queue_name}/${command}', 'chair-1/renders/render_product'],
  ['${message_id}${message_id}', 'm-1m-1'],
  ['costs $5, or $ 5', 'costs $5, or $ 5'],
  ['$${message_id}', '$m-1'],
  ['never closed ${message_id', 'never closed ${message_id'],
  ['', ''],
])('%s becomes %s', (template, text) => expect(fill(template)).toBe(text));

test('nested strings are filled, keys and other values stay', () => {
  expect(fill({ headers: { '${job_id}': ['${job_id}', 1, null, true] } })).toEqual({
    headers: { '${job_id}': ['chair-1', 1, null, true] },
  });
});

test('what a variable brings is not filled again', () => {
  expect(fillTemplates('${message_id}', { ...variables, message_id: '${job_id}$&' })).toBe('${job_id}$&');
});

test.each(['${env:SECRET}', '${}', '${ message_id }', '${constructor}', '${message_id}${nope}'])(
  '%s is unknown',
  (text) =>
    expect(unknownVariable({ a: { b: ['x', text] } }, 'tasks[0].config')).toMatchObject({
      path: 'tasks[0].config.a.b.1',
    }),
);

test('what is known, or no template at all, is no unknown variable', () => {
  expect(unknownVariable({ a: '${message_id} $x ${', b: 5, c: null }, 'config')).toBeUndefined();
});
