/** What an edge runtime has: bindings instead of an environment, and requests. */
export const env = {
  LETSPING_API_KEY: process.env['LETSPING_API_KEY']!,
  LETSPING_BASE_URL: process.env['LETSPING_BASE_URL']!,
};

export async function handle(handler: (request: Request) => Promise<Response>, body: object): Promise<string> {
  const answer = await handler(new Request('https://edge.example/', { method: 'POST', body: JSON.stringify(body) }));
  return answer.text();
}
