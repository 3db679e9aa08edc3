/** Makes X.509 certificates for tests: any dates, names and issuers, which command-line tools do not all allow. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface TestCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly commonName: string;
  readonly key: KeyObject;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Host names and IPv4 addresses that it is valid for. */
  readonly names?: readonly string[];
  readonly validFrom?: Date;
  readonly validTo?: Date;
  /** Default: itself. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  /** Default: `ec` (P-256). `rsa` (2048 bits) is for what takes nothing else. */
  readonly keyType?: 'ec' | 'rsa';
}

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  // Go's parser insists on the shortest form of a length.
  if (content.length < 256) return Buffer.concat([Buffer.from([tag, 0x81, content.length]), content]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x82]), length, content]);
}

const sequence = (...contents: Uint8Array[]): Buffer => der(0x30, ...contents);
const set = (...contents: Uint8Array[]): Buffer => der(0x31, ...contents);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const generalizedTime = (date: Date): Buffer => der(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));

const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const RSA_WITH_SHA256 = '2a864886f70d01010b';

const nameOf = (commonName: string): Buffer => sequence(set(sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(commonName)))));

function altName(name: string): Buffer {
  return isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
}

function extensions({ names = [], isAuthority = false }: CertificateOptions): Buffer {
  const constraints = sequence(oid(BASIC_CONSTRAINTS), boolean(true), octets(sequence(...(isAuthority ? [boolean(true)] : []))));
  const altNames = names.length === 0 ? [] : [sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...names.map(altName))))];
  return der(0xa3, sequence(constraints, ...altNames));
}

/** RSA's identifier carries an explicit null, ECDSA's nothing. */
function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa' ? sequence(oid(RSA_WITH_SHA256), der(0x05)) : sequence(oid(ECDSA_WITH_SHA256));
}

function makeKeys(keyType: CertificateOptions['keyType']): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return keyType === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

const DAY_MS = 86_400_000;

export function makeCertificate(options: CertificateOptions): TestCertificate {
  const { commonName, issuer, validFrom = new Date(Date.now() - DAY_MS), validTo = new Date(Date.now() + DAY_MS) } = options;
  const { privateKey, publicKey } = makeKeys(options.keyType);
  const signingKey = issuer?.key ?? privateKey;
  const algorithm = signatureAlgorithm(signingKey);
  const serial = der(0x02, Buffer.from([0x01]), randomBytes(8));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    serial,
    algorithm,
    nameOf(issuer?.commonName ?? commonName),
    sequence(generalizedTime(validFrom), generalizedTime(validTo)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(options),
  );
  const signature = sign('sha256', toBeSigned, signingKey);
  const certificate = sequence(toBeSigned, algorithm, bits(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    commonName,
    key: privateKey,
  };
}
