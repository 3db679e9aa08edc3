import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '../harness/parent.ts';

/** The one answer that the floor gives to everything. */
export interface FixedAnswer {
  /** Names and values in turn, as they are to be sent. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** The least that Node can do: no routes, no checks, no log, a constant answer. Answers with its port. */
async function serve({ headers, body }: FixedAnswer): Promise<number> {
  const sent = [...headers];
  const server = createServer((_request, response) => {
    response.writeHead(200, sent);
    response.end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

answerParent(serve);
