/** A tool call of an agent, as the firewall judges it. */
export const call = (payload: Record<string, unknown>, action = 'do', service = 'agent') => ({
  service,
  action,
  payload,
});
