import { dockerConfigOf, kubernetesSecretOf, secretNameOf, type PullCredential } from '../../../src/secrets/pull-secret.ts';

const basic = { kind: 'basic', username: 'ann', password: 'p:ä' } as const;
const auth = Buffer.from('ann:p:ä').toString('base64');
const credential = (change: Partial<PullCredential> = {}): PullCredential => ({ secret: basic, prefix: '', hosts: ['registry.example:5000'], ...change });

describe('logins for Docker', () => {
  it('are found under each name of the registry, and below a path for repositories', () => {
    const config = dockerConfigOf([credential({ hosts: ['registry.example:5000', 'images.example'] }), credential({ prefix: 'team/a' })], 'dockerconfigjson');
    expect(config).toEqual({ auths: { 'registry.example:5000': { auth }, 'images.example': { auth }, 'registry.example:5000/team/a': { auth } } });
  });

  it('are found under Docker Hub’s old name', () => {
    const config = dockerConfigOf([credential({ hosts: ['registry-1.docker.io', 'docker.io'] }), credential({ hosts: ['docker.io'], prefix: 'ann' })], 'dockerconfigjson');
    expect(config).toEqual({ auths: { 'https://index.docker.io/v1/': { auth }, 'docker.io/ann': { auth } } });
  });

  it('may be a token for the registry, which Kubernetes does not know', () => {
    const token = credential({ secret: { kind: 'token', token: 'abc' } });
    expect(dockerConfigOf([token], 'dockerconfigjson')).toEqual({ auths: { 'registry.example:5000': { registrytoken: 'abc' } } });
    expect(() => dockerConfigOf([token], 'kubernetes')).toThrow(expect.objectContaining({ code: 'CREDENTIAL_UNSUITABLE', message: expect.stringContaining('Kubernetes') }));
  });

  it('are never a client’s', () => {
    const client = credential({ secret: { kind: 'client', clientId: 'a', clientSecret: 'b' }, prefix: 'x' });
    expect(() => dockerConfigOf([client], 'dockerconfigjson')).toThrow(expect.objectContaining({ code: 'CREDENTIAL_UNSUITABLE' }));
    expect(dockerConfigOf([client, credential()], 'kubernetes')).toEqual({ auths: { 'registry.example:5000': { auth } } });
  });
});

describe('a Secret of Kubernetes', () => {
  it('holds the logins in base64', () => {
    const config = dockerConfigOf([credential()], 'kubernetes');
    const secret = kubernetesSecretOf(config, { name: 'pull', namespace: 'apps' });
    expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata: { name: 'pull', namespace: 'apps' } });
    const { data } = secret as { data: Record<string, string> };
    expect(JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString())).toEqual(config);
    expect(kubernetesSecretOf(config, { name: 'pull', namespace: null })['metadata']).toEqual({ name: 'pull' });
  });

  it('is named after the record unless told otherwise', () => {
    expect(secretNameOf('Edge-7', undefined, undefined)).toEqual({ name: 'registry-edge-7', namespace: null });
    expect(secretNameOf('a:B__c.', undefined, 'apps').name).toBe('registry-a-b-c');
    expect(secretNameOf(`${'x'.repeat(53)}.y`, undefined, undefined).name).toBe(`registry-${'x'.repeat(53)}`);
    expect(secretNameOf('ä', undefined, undefined).name).toBe('registry');
    expect(secretNameOf('x', 'a.b-c', 'n-1')).toEqual({ name: 'a.b-c', namespace: 'n-1' });
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['name', 'A', undefined],
    ['name', '', undefined],
    ['name', 'a..b', undefined],
    ['name', '-a', undefined],
    ['name', 'a\nmetadata: x', undefined],
    ['name', 'a'.repeat(254), undefined],
    ['namespace', undefined, 'a.b'],
    ['namespace', undefined, ''],
    ['namespace', undefined, 'a'.repeat(64)],
    ['namespace', undefined, 'kube/system'],
  ])('is refused where Kubernetes would not take its %s %j %j', (path, name, namespace) => {
    expect(() => secretNameOf('x', name, namespace)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER', details: [expect.objectContaining({ path })] }));
  });
});
