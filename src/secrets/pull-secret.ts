/** What clients of registries read their logins from. Pure. */
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { RegistrySecret } from '../core/registry-credential.ts';

/** For `~/.docker/config.json`, or as the manifest of a Secret. */
export type PullFormat = 'dockerconfigjson' | 'kubernetes';

export interface PullCredential {
  readonly secret: RegistrySecret;
  /** Empty: for the whole registry. */
  readonly prefix: string;
  /** Names of the registry: hosts, with ports where they are not the usual ones. */
  readonly hosts: readonly string[];
}

/** `~/.docker/config.json`, as far as logins go. @see https://github.com/docker/cli/blob/master/cli/config/types/authconfig.go */
export type DockerConfig = { auths: Record<string, DockerAuth> };
type DockerAuth = { auth: string } | { registrytoken: string };

const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);
/** What clients look for when an image names no registry, since Docker's first registry. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

function keyOf(host: string, prefix: string): string {
  if (!DOCKER_HUB_HOSTS.has(host)) return prefix === '' ? host : `${host}/${prefix}`;
  return prefix === '' ? DOCKER_HUB_KEY : `docker.io/${prefix}`;
}

/** Null where clients have no use for it. The kubelet knows only names and passwords. */
function authOf(secret: RegistrySecret, format: PullFormat): DockerAuth | null {
  switch (secret.kind) {
    case 'basic':
      return { auth: Buffer.from(`${secret.username}:${secret.password}`, 'utf8').toString('base64') };
    case 'token':
      return format === 'kubernetes' ? null : { registrytoken: secret.token };
    case 'client':
      return null;
  }
}

const WHY_NOT: Readonly<Record<PullFormat, string>> = {
  dockerconfigjson: 'Docker and its like log in with a user name and password, or with a token, and none is kept for this registry. Keep one beside the client id and secret.',
  kubernetes: 'Kubernetes logs in with a user name and password, and none is kept for this registry. Keep one; many registries take a token as the password.',
};

/**
 * Logins for the registry under each of its names. Keys with a path count only for images below it; Docker itself knows no paths and takes any of
 * the host.
 * @throws {AppError} `CREDENTIAL_UNSUITABLE` when these clients can use none
 */
export function dockerConfigOf(credentials: readonly PullCredential[], format: PullFormat): DockerConfig {
  const auths = credentials.flatMap(({ secret, prefix, hosts }) => {
    const auth = authOf(secret, format);
    return auth === null ? [] : hosts.map((host) => [keyOf(host, prefix), auth] as const);
  });
  if (auths.length === 0) throw new AppError('CREDENTIAL_UNSUITABLE', WHY_NOT[format]);
  return { auths: Object.fromEntries(auths) };
}

export interface SecretName {
  readonly name: string;
  /** Null: where `kubectl` is. */
  readonly namespace: string | null;
}

/** RFC 1123: a label, and names made of labels. */
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const NAMESPACE = new RegExp(`^${LABEL}$`);
const NAME = new RegExp(`^${LABEL}(?:[.]${LABEL})*$`);
const LABEL_LENGTH_MAX = 63;
const NAME_LENGTH_MAX = 253;

/** The given names, or one made from the record's id. @throws {AppError} `INVALID_PARAMETER` when Kubernetes would refuse them */
export function secretNameOf(id: string, name: string | undefined, namespace: string | undefined): SecretName {
  const refuse = (parameter: string, message: string): AppError => new AppError('INVALID_PARAMETER', `${parameter} ${message}.`, { details: [{ path: parameter, message }] });
  const named = name ?? `registry-${id.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, LABEL_LENGTH_MAX).replace(/-+$/, '');
  if (named.length > NAME_LENGTH_MAX || !NAME.test(named)) throw refuse('name', 'must be a name that Kubernetes takes: lower-case letters, digits, hyphens and dots, 253 at most');
  if (namespace !== undefined && (namespace.length > LABEL_LENGTH_MAX || !NAMESPACE.test(namespace))) {
    throw refuse('namespace', 'must be a namespace of Kubernetes: lower-case letters, digits and hyphens, 63 at most');
  }
  return { name: named, namespace: namespace ?? null };
}

/** @see https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets */
export function kubernetesSecretOf(config: DockerConfig, { name, namespace }: SecretName): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: namespace === null ? { name } : { name, namespace },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
  };
}
