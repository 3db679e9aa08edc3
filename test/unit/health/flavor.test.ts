import type { Challenge } from '../../../src/core/schema-types.ts';
import { flavorOf, type Flavor, type Traits } from '../../../src/health/flavor.ts';

const version = { 'docker-distribution-api-version': 'registry/2.0' };

const bearer = (realm: string, service: string | null = null): Challenge => ({ scheme: 'Bearer', realm, service });
const basic = (realm: string, service: string | null = null): Challenge => ({ scheme: 'Basic', realm, service });

const traits = (given: Partial<Traits>): Traits => ({ hostname: 'registry.example', headers: {}, challenge: null, ...given });

const cases: readonly (readonly [string, Partial<Traits>, Flavor])[] = [
  ['Distribution without login', { headers: version }, 'distribution'],
  ['Distribution with htpasswd', { headers: version, challenge: basic('Registry Realm') }, 'distribution'],
  ['Distribution with a token service', { headers: version, challenge: bearer('https://auth.example/token', 'registry.example') }, 'distribution'],
  ['Distribution behind nginx', { headers: { ...version, server: 'nginx/1.25.3' } }, 'distribution'],
  ['Distribution behind nothing that says its name', { headers: { ...version, server: '' } }, 'distribution'],
  ['zot', { headers: { ...version, 'access-control-allow-headers': 'Authorization,content-type,X-ZOT-API-CLIENT' } }, 'zot'],
  ['Harbor', { headers: version, challenge: bearer('https://harbor.example/service/token', 'harbor-registry') }, 'harbor'],
  ['Quay on its own site', { hostname: 'quay.io', headers: { server: 'nginx/1.12.1' }, challenge: bearer('https://quay.io/v2/auth', 'quay.io') }, 'quay'],
  ['Quay elsewhere', { headers: version, challenge: bearer('https://quay.example:8443/v2/auth', 'quay.example:8443') }, 'quay'],
  ['GitLab by its header', { headers: { ...version, 'gitlab-container-registry-version': '4.9.0-gitlab' } }, 'gitlab'],
  ['GitLab by its token service', { headers: version, challenge: bearer('https://gitlab.example/jwt/auth', 'container_registry') }, 'gitlab'],
  ['GitLab below a path', { headers: version, challenge: bearer('https://example/gitlab/jwt/auth', 'container_registry') }, 'gitlab'],
  ['GHCR', { hostname: 'ghcr.io', challenge: bearer('https://ghcr.io/token', 'ghcr.io') }, 'ghcr'],
  ['ECR', { headers: version, challenge: basic('https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/', 'ecr.amazonaws.com') }, 'ecr'],
  ['public ECR', { hostname: 'public.ecr.aws', challenge: bearer('https://public.ecr.aws/token/', 'public.ecr.aws') }, 'ecr'],
  ['ACR by its token service', { headers: version, challenge: bearer('https://team.azurecr.io/oauth2/token', 'team.azurecr.io') }, 'acr'],
  ['ACR by its server', { headers: { ...version, server: 'AzureContainerRegistry' } }, 'acr'],
  ['Docker Hub', { hostname: 'registry-1.docker.io', headers: version, challenge: bearer('https://auth.docker.io/token', 'registry.docker.io') }, 'docker_hub'],
  ['Docker Hub through a proxy that passes its challenge on', { headers: version, challenge: bearer('https://auth.docker.io/token', 'registry.docker.io') }, 'docker_hub'],

  ['ghcr.io that does not answer', { hostname: 'ghcr.io' }, 'ghcr'],
  ['Docker Hub by another name', { hostname: 'docker.io' }, 'docker_hub'],
  ['ECR by its host', { hostname: '123456789012.dkr.ecr.us-east-1.amazonaws.com' }, 'ecr'],
  ['ECR in China, FIPS and dual stack', { hostname: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn' }, 'ecr'],
  ['ECR with FIPS', { hostname: '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com' }, 'ecr'],
  ['ECR over IPv6', { hostname: '123456789012.dkr-ecr.us-east-1.on.aws' }, 'ecr'],
  ['ACR by its host', { hostname: 'team.azurecr.io' }, 'acr'],
  ['ACR in China', { hostname: 'team.azurecr.cn' }, 'acr'],
  ['GitLab’s own site', { hostname: 'registry.gitlab.com' }, 'gitlab'],

  ['no sign at all', {}, 'unknown'],
  ['a login without a realm', { challenge: { scheme: 'Basic', realm: null, service: null } }, 'unknown'],
  ['Gitea and Forgejo', { headers: version, challenge: bearer('https://forge.example/v2/token', 'container_registry') }, 'unknown'],
  ['gcr.io', { headers: { ...version, server: 'Docker Registry' }, challenge: bearer('https://gcr.io/v2/token', 'gcr.io') }, 'unknown'],
  ['Artifactory', { headers: { ...version, 'x-jfrog-version': 'Artifactory/7.77' }, challenge: bearer('https://a.example/artifactory/api/docker/null/v2/token', 'a.example') }, 'unknown'],
  ['Nexus', { headers: { ...version, server: 'Nexus/3.68.1-02 (OSS)' }, challenge: basic('Sonatype Nexus Repository Manager') }, 'unknown'],
  ['a proxy of its own making with Quay’s path', { challenge: bearer('https://proxy.example/v2/auth', 'docker-proxy') }, 'unknown'],
  ['a host that only begins like GHCR', { hostname: 'ghcr.io.example' }, 'unknown'],
  ['a host that only ends like ACR', { hostname: 'evil-azurecr.io' }, 'unknown'],
  ['a realm that is no URL', { challenge: bearer('not a URL', 'x') }, 'unknown'],
];

describe('flavorOf', () => {
  it.each(cases)('%s', (_name, given, flavor) => {
    expect(flavorOf(traits(given))).toBe(flavor);
  });

  it('takes what a registry says of itself for more than what it is called', () => {
    expect(flavorOf(traits({ hostname: 'ghcr.io', challenge: bearer('https://h.example/service/token', 'harbor-registry') }))).toBe('harbor');
  });

  it('takes a header that came twice as if it had come once', () => {
    expect(flavorOf(traits({ headers: { 'docker-distribution-api-version': ['registry/2.0', 'registry/2.0'] } }))).toBe('distribution');
  });
});
