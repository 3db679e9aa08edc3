import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; reading it fails the test when it is none. */
  readonly body: any;
}

/** One request with a JSON body, or with `raw` text as it stands. */
export async function call(
  url: string,
  method: string,
  path: string,
  { body, raw, headers = {} }: { body?: unknown; raw?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    get body() {
      return JSON.parse(text);
    },
  };
}

/**
 * Sends a request as it stands, which clients would tidy first, and returns all that comes back until the other side closes.
 * Ask for `Connection: close`: closing our own half would call the request off.
 */
export async function rawRequest(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  // A server that refuses a request before it has read all of it resets the connection after its answer.
  await new Promise<void>((closed) => socket.on('error', () => undefined).on('close', () => closed()).write(text));
  return received;
}

export const referenceRecord = {
  container_registry_id: 'b3c38f52-8f2e-43a3-9aa9-bd9a4c75e509',
  container_registry_name: 'internal-ai-registry',
  container_registry_metadata: { environment: 'production', owner: 'mlops-team', region: 'us-west-2' },
  container_registry_tags: ['ai', 'training', 'internal', 'fast-pull'],
  container_registry_public_url: 'http://10.13.21.22:32633',
  container_registry_image_prefix: '10.13.21.22:32633',
  container_registry_config: { auth_required: true, mirror_enabled: false, storage_backend: 's3', max_layer_size_mb: 500 },
  container_registry_storage_info: { storage_type: 's3', storage_size: -1, memory_size: 8192, registry_type: 'aios' },
};

/** A small valid record. */
export const newRecord = (id: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  container_registry_id: id,
  container_registry_name: `registry ${id}`,
  container_registry_public_url: `https://${id.toLowerCase().replace(/[^a-z0-9]/g, '-')}.example.com`,
  ...more,
});
