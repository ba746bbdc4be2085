/** The page of one run in Temporal's UI, or `null` where no UI is known. */
export function jobLink(
  uiUrl: string | null | undefined,
  namespace: string,
  workflowId: string,
  runId: string,
): string | null {
  if (!uiUrl) return null;
  // The UI's own links encode each part whole: the slashes of an id are `%2F`.
  const [workflow, run] = [workflowId, runId].map(encodeURIComponent);
  return `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${workflow}/${run}/history`;
}
