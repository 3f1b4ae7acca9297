// Answers every request at once, in a process of its own: how long an answer takes on this machine while it is busy.
import { createServer } from 'node:http';

const server = createServer((_req, res) => res.end('alive'));
server.listen(0, '127.0.0.1', () => process.stdout.write(`ready at ${server.address().port}\n`));
