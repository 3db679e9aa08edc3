import { limits } from '../core/limits.ts';
import { parseCidrs } from '../outgoing/address-policy.ts';

/** One setting: the variable that sets it, what it means when unset, and how its text is understood. */
export interface Setting<T> {
  readonly variable: string;
  readonly defaultText: string;
  readonly description: string;
  /** A secret may also come from the file that `<variable>_FILE` names, and is never shown. */
  readonly secret: boolean;
  /** @throws {Error} whose message completes the sentence "PORT=abc is not valid: …" */
  parse(text: string): T;
}

interface SettingText {
  readonly variable: string;
  readonly defaultText: string;
  readonly description: string;
}

const setting = <T>(text: SettingText, parse: (text: string) => T): Setting<T> => ({ ...text, secret: false, parse });

const plain = (text: string): string => text;

const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new Error(`expected a whole number from ${min} to ${max}`);
    return value;
  };

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new Error(`expected one of ${choices.join(', ')}`);
    return choice;
  };

const words = (text: string): readonly string[] => text.split(',').map((word) => word.trim()).filter((word) => word !== '');

function origins(text: string): readonly string[] {
  return words(text).map((word) => {
    if (word !== '*' && (!URL.canParse(word) || new URL(word).origin !== word)) {
      throw new Error(`"${word}" is not an origin such as https://console.example.com`);
    }
    return word;
  });
}

function mongoUrl(text: string): string {
  if (text !== '' && !/^mongodb(\+srv)?:\/\//.test(text)) throw new Error('expected mongodb://… or mongodb+srv://…');
  return text;
}

const bool = (text: string): boolean => oneOf('true', 'false')(text) === 'true';

function adminPassword(text: string): string {
  if (text !== '' && text.length < limits.passwordLengthMin) throw new Error(`expected at least ${limits.passwordLengthMin} characters`);
  return text;
}

/** Whoever guesses the key opens every credential, so what could be guessed is refused. */
function secretKeys(text: string): readonly string[] {
  const keys = text.split(/[,\n]/).map((key) => key.trim()).filter((key) => key !== '');
  for (const key of keys) {
    if (key.length < limits.secretKeyLengthMin) throw new Error(`expected at least ${limits.secretKeyLengthMin} random characters in each key, such as \`openssl rand -base64 32\` gives`);
    if (new Set(key).size < limits.secretKeyCharactersMin) throw new Error('a key of a few characters repeated can be guessed; `openssl rand -base64 32` gives a good one');
  }
  return keys;
}

/** Part of paths in filters and of keys in the store. */
function vantageName(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) throw new Error('expected 1 to 63 lower-case letters, digits and hyphens, such as "edge-7"');
  return text;
}

export const ROLES = ['api', 'prober'] as const;
export type Role = (typeof ROLES)[number];

function roles(text: string): readonly Role[] {
  const found = words(text).map((word) => oneOf(...ROLES)(word));
  if (found.length === 0) throw new Error(`expected one or more of ${ROLES.join(', ')}`);
  return [...new Set(found)];
}

/** Express takes a number of hops, or the addresses of the proxies. @see https://expressjs.com/en/guide/behind-proxies.html */
function trustedProxies(text: string): number | readonly string[] {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const entries = words(text);
  parseCidrs(entries.join(','));
  return entries.length === 0 ? 0 : entries;
}

/** Every setting of the service. The README's table is generated from here. */
export const settings = {
  host: setting({ variable: 'HOST', defaultText: '127.0.0.1', description: 'Address to listen on. On anything but loopback callers must log in.' }, plain),
  port: setting({ variable: 'PORT', defaultText: '8000', description: 'TCP port to listen on; 0 takes a free one.' }, integer(0, 65_535)),
  dataDir: setting({ variable: 'DATA_DIR', defaultText: './data', description: 'Folder of the embedded store. One service at a time.' }, plain),
  mongoUrl: {
    ...setting({ variable: 'MONGO_URL', defaultText: '', description: 'Keep records in this MongoDB instead of the embedded store.' }, mongoUrl),
    secret: true,
  },
  mongoDatabase: setting(
    { variable: 'MONGO_DATABASE', defaultText: 'assets', description: 'Database that holds the collection `container_registry`.' },
    plain,
  ),
  tlsCertFile: setting({ variable: 'TLS_CERT_FILE', defaultText: '', description: 'Certificate chain (PEM) to serve HTTPS with. Read again when it changes.' }, plain),
  tlsKeyFile: setting({ variable: 'TLS_KEY_FILE', defaultText: '', description: 'Private key (PEM) of that certificate.' }, plain),
  auth: setting(
    { variable: 'AUTH', defaultText: 'auto', description: '`auto`: nobody logs in on loopback, everybody elsewhere. `on`: on loopback, too. `off`: whoever reaches the address has all rights.' },
    oneOf('auto', 'on', 'off'),
  ),
  adminPassword: {
    ...setting({ variable: 'ADMIN_PASSWORD', defaultText: '', description: 'Password of the user `admin`, who is made with it when there is no administrator.' }, adminPassword),
    secret: true,
  },
  secretKey: {
    ...setting(
      { variable: 'SECRET_KEY', defaultText: '', description: 'Seals credentials and signs sessions: 32 random characters or more. Several, separated by commas, for rotation: the first seals. Unset, the embedded store makes one beside its file.' },
      secretKeys,
    ),
    secret: true,
  },
  anonymousRead: setting({ variable: 'ANONYMOUS_READ', defaultText: 'false', description: '`true`: records whose visibility is `public` can be read without logging in.' }, bool),
  metricsPublic: setting(
    { variable: 'METRICS_PUBLIC', defaultText: 'false', description: '`true`: `/metrics` can be read without logging in; it then tells only of registries whose visibility is `public`.' },
    bool,
  ),
  allowHttp: setting({ variable: 'ALLOW_HTTP', defaultText: 'false', description: '`true`: take passwords and give out secrets over plain HTTP, even on an address that others can reach.' }, bool),
  rateLimitPerMinute: setting(
    { variable: 'RATE_LIMIT_PER_MINUTE', defaultText: '12000', description: 'Requests a minute of one principal, or from one address without a login; 0 sets no limit.' },
    integer(0, 100_000_000),
  ),
  streamsPerPrincipalMax: setting(
    { variable: 'STREAMS_PER_PRINCIPAL_MAX', defaultText: '16', description: 'Streamed answers that one principal may read at once.' },
    integer(1, 10_000),
  ),
  recordsPerOwnerMax: setting(
    { variable: 'RECORDS_PER_OWNER_MAX', defaultText: '10000', description: 'Records that one user may own; administrators have no limit.' },
    integer(1, 10_000_000),
  ),
  auditRetentionDays: setting({ variable: 'AUDIT_RETENTION_DAYS', defaultText: '400', description: 'Days that the audit keeps its entries; 0 keeps all.' }, integer(0, 36_500)),
  trustProxy: setting(
    { variable: 'TRUST_PROXY', defaultText: '0', description: 'Number of proxies in front, or their addresses, whose `X-Forwarded-For` is believed.' },
    trustedProxies,
  ),
  corsOrigins: setting(
    { variable: 'CORS_ORIGINS', defaultText: '', description: 'Origins, separated by commas, whose web pages may call the API; `*` is any.' },
    origins,
  ),
  probeAllowCidrs: setting(
    { variable: 'PROBE_ALLOW_CIDRS', defaultText: '', description: 'Address ranges that probes may reach besides the usual ones. Metadata and link-local addresses stay forbidden.' },
    parseCidrs,
  ),
  probeDenyCidrs: setting(
    { variable: 'PROBE_DENY_CIDRS', defaultText: '', description: 'Address ranges that probes must not reach, unless `PROBE_ALLOW_CIDRS` names them.' },
    parseCidrs,
  ),
  roles: setting(
    { variable: 'ROLES', defaultText: 'api,prober', description: '`api` answers requests about the catalog, `prober` probes on schedule. Processes can be split only over MongoDB.' },
    roles,
  ),
  vantage: setting({ variable: 'VANTAGE', defaultText: 'default', description: 'Name of the place that this process probes from: a site, a cluster, a region.' }, vantageName),
  extraCaFile: setting({ variable: 'EXTRA_CA_FILE', defaultText: '', description: 'File of certificates (PEM) whose authorities probes trust besides the usual ones.' }, plain),
  metricsRegistriesMax: setting(
    { variable: 'METRICS_REGISTRIES_MAX', defaultText: '2000', description: 'Registries that have metrics of their own, in the order of ids; 0 for none.' },
    integer(0, 100_000),
  ),
  logLevel: setting({ variable: 'LOG_LEVEL', defaultText: 'info', description: '`error`, `warn`, `info` or `debug`.' }, oneOf('error', 'warn', 'info', 'debug')),
  logFormat: setting(
    { variable: 'LOG_FORMAT', defaultText: 'auto', description: '`json`, `text`, or `auto`: text on a terminal, JSON lines elsewhere.' },
    oneOf('auto', 'json', 'text'),
  ),
  drainDelayS: setting(
    {
      variable: 'DRAIN_DELAY_S',
      defaultText: '0',
      description: 'Seconds after SIGTERM in which requests are still taken while `/ready` says no: as long as a balancer needs to notice.',
    },
    integer(0, 600),
  ),
  drainTimeoutS: setting(
    { variable: 'DRAIN_TIMEOUT_S', defaultText: '20', description: 'Seconds that requests under way may then take to finish.' },
    integer(0, 600),
  ),
} as const;

type Settings = typeof settings;

/** The service's configuration: read once, checked whole, never changed. */
export type Config = { readonly [K in keyof Settings]: ReturnType<Settings[K]['parse']> };
