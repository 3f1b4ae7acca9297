/** A tool call of an agent, as input of the firewall. */
export const call = (payload: Record<string, unknown>, action = 'do', service = 'agent') => ({
  service,
  action,
  payload,
});
