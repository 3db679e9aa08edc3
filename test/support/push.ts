/** Pushes to a registry and takes back what was pushed, by the calls of the OCI distribution specification. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request, type Dispatcher } from 'undici';

const sha256 = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** What came of each step, by status; `seen` is the tag as it is asked for after each of push and deletion. */
export interface PushAndDelete {
  readonly pushed: readonly number[];
  readonly deleted: readonly number[];
  readonly seen: readonly number[];
}

/** @param authorization sent with every call; certificates are not checked */
export async function pushAndDelete(url: string, authorization?: string): Promise<PushAndDelete> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const send = async (method: Dispatcher.HttpMethod, path: string, body?: Buffer, type = 'application/octet-stream'): Promise<{ status: number; location: string }> => {
    const headers = { ...(authorization === undefined ? {} : { authorization }), ...(body === undefined ? { accept: MANIFEST_TYPE } : { 'content-type': type }) };
    const answer = await request(new URL(path, url), { method, headers, dispatcher, body: body ?? null });
    await answer.body.dump();
    return { status: answer.statusCode, location: String(answer.headers['location'] ?? '') };
  };
  const pushBlob = async (content: Buffer): Promise<number> => {
    const { status, location } = await send('POST', '/v2/team/image/blobs/uploads/');
    if (status !== 202) return status;
    const place = new URL(location, url);
    place.searchParams.set('digest', sha256(content));
    return (await send('PUT', `${place.pathname}${place.search}`, content)).status;
  };
  const layer = randomBytes(64);
  const config = Buffer.from('{}');
  const descriptor = (mediaType: string, content: Buffer): object => ({ mediaType, digest: sha256(content), size: content.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  const tag = '/v2/team/image/manifests/latest';
  try {
    const pushed = [await pushBlob(config), await pushBlob(layer), (await send('PUT', tag, manifest, MANIFEST_TYPE)).status];
    const before = (await send('GET', tag)).status;
    const deleted = [(await send('DELETE', `/v2/team/image/manifests/${sha256(manifest)}`)).status, (await send('DELETE', `/v2/team/image/blobs/${sha256(layer)}`)).status];
    return { pushed, deleted, seen: [before, (await send('GET', tag)).status] };
  } finally {
    await dispatcher.close();
  }
}

/** What a registry that takes pushes and deletions answers. */
export const allAsPromised: PushAndDelete = { pushed: [201, 201, 201], deleted: [202, 202], seen: [200, 404] };
