/** The foreign programs that tests run against. A new peer is one row here. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildGoProgram, buildGoPrograms, compileJava, copyGoModuleFiles, copyMavenJars, installPythonPackage, unpackDebianPackage } from './sources.ts';

export interface Peer {
  readonly name: string;
  /** Part of the folder's name, so that another version is another folder. */
  readonly version: string;
  readonly goodFor: string;
  /** Roughly how long a cold build takes on two cores. */
  readonly seconds: number;
  /** The file, relative to the peer's folder, without which the folder is not usable. */
  readonly entry: string;
  /** Fills the empty folder `dir`. */
  build(dir: string): Promise<void>;
}

const mongoMainClass = fileURLToPath(new URL('../../test/support/mongo/MongoPeer.java', import.meta.url));
/** Kubernetes keeps these as folders of its own repository and publishes them under these names, by the same release. */
const KUBERNETES_STAGING =
  'api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib dynamic-resource-allocation endpointslice kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller';

/** The main class is ours and changes with the checkout, so its content is part of the version. */
const mongoMainClassHash = createHash('sha256').update(readFileSync(mongoMainClass)).digest('hex').slice(0, 8);

const table = [
  {
    name: 'docker-registry',
    version: '2.8.2',
    goodFor: 'a real OCI registry (registry:2): probes and the README’s walk',
    seconds: 5,
    entry: 'usr/bin/docker-registry',
    build: (dir) => unpackDebianPackage(dir, 'docker-registry', '2.8.2'),
  },
  {
    name: 'distribution',
    version: '3.0.0',
    goodFor: 'the OCI registry that docker-registry became: probes',
    seconds: 115,
    entry: 'registry',
    build: (dir) => buildGoProgram(dir, 'github.com/distribution/distribution/v3', 'v3.0.0', 'cmd/registry'),
  },
  {
    name: 'olareg',
    version: '0.1.2',
    goodFor: 'a small OCI 1.1 registry with referrers: probes',
    seconds: 5,
    entry: 'olareg',
    build: (dir) => buildGoProgram(dir, 'github.com/olareg/olareg', 'v0.1.2', 'cmd/olareg'),
  },
  {
    name: 'mongo-java-server',
    version: `1.46.0-${mongoMainClassHash}`,
    goodFor: 'MongoDB’s wire protocol: the MongoDB store',
    seconds: 20,
    entry: 'classes/MongoPeer.class',
    build: async (dir) => {
      await copyMavenJars(dir, ['de.bwaldvogel:mongo-java-server:1.46.0', 'de.bwaldvogel:mongo-java-server-h2-backend:1.46.0']);
      await compileJava(dir, mongoMainClass);
    },
  },
  {
    name: 'promtool',
    version: '2.55.1',
    goodFor: 'the check of /metrics',
    seconds: 150,
    entry: 'promtool',
    build: (dir) => buildGoProgram(dir, 'github.com/prometheus/prometheus', 'v0.55.1', 'cmd/promtool'),
  },
  {
    name: 'blackbox_exporter',
    version: '0.26.0',
    goodFor: 'the prober that ours is measured against',
    seconds: 30,
    entry: 'blackbox_exporter',
    build: (dir) => buildGoProgram(dir, 'github.com/prometheus/blackbox_exporter', 'v0.26.0', ''),
  },
  {
    name: 'schemathesis',
    version: '4.32.5',
    goodFor: 'fuzzing the API by its OpenAPI description',
    seconds: 30,
    entry: 'bin/python',
    build: (dir) => installPythonPackage(dir, 'schemathesis==4.32.5'),
  },
  {
    name: 'haproxy',
    version: '2.6.12',
    goodFor: 'a balancer in front of replicas: their restart without a failed request',
    seconds: 5,
    entry: 'usr/sbin/haproxy',
    build: (dir) => unpackDebianPackage(dir, 'haproxy', '2.6.12', ['liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1']),
  },
  {
    name: 'kubernetes',
    version: '1.31.4',
    goodFor: 'kube-apiserver, kube-controller-manager, kube-scheduler and kubectl: the manifests',
    seconds: 250,
    entry: 'kube-apiserver',
    build: (dir) =>
      buildGoPrograms(dir, {
        module: 'k8s.io/kubernetes',
        version: 'v1.31.4',
        packages: ['cmd/kube-apiserver', 'cmd/kube-controller-manager', 'cmd/kube-scheduler', 'cmd/kubectl'],
        replaced: Object.fromEntries(KUBERNETES_STAGING.split(' ').map((name) => [`k8s.io/${name}`, 'v0.31.4'])),
        linkerVariables: ['k8s.io/component-base/version.gitVersion=v1.31.4'],
      }),
  },
  {
    name: 'etcd',
    version: '3.4.23',
    goodFor: 'what kube-apiserver keeps its objects in',
    seconds: 5,
    entry: 'usr/bin/etcd',
    build: (dir) => unpackDebianPackage(dir, 'etcd-server', '3.4.23'),
  },
  {
    name: 'kwok',
    version: '0.6.1',
    goodFor: 'nodes that only pretend to run their pods: the manifests',
    seconds: 70,
    entry: 'kwok',
    build: (dir) => buildGoProgram(dir, 'sigs.k8s.io/kwok', 'v0.6.1', 'cmd/kwok'),
  },
  {
    name: 'prometheus-operator-crds',
    version: '0.78.2',
    goodFor: 'the definition of ServiceMonitor: the manifests',
    seconds: 5,
    entry: 'monitoring.coreos.com_servicemonitors.yaml',
    build: (dir) =>
      copyGoModuleFiles(dir, 'github.com/prometheus-operator/prometheus-operator', 'v0.78.2', ['example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml']),
  },
  {
    name: 'compose-spec',
    version: '2.9.0',
    goodFor: 'the compose specification’s own reader: compose.yaml',
    seconds: 15,
    entry: 'cmd',
    build: (dir) => buildGoProgram(dir, 'github.com/compose-spec/compose-go/v2', 'v2.9.0', 'cmd'),
  },
  {
    name: 'trivy',
    version: '0.58.2',
    goodFor: 'finding misconfiguration in the Dockerfile and the manifests',
    seconds: 310,
    entry: 'trivy',
    build: (dir) => buildGoProgram(dir, 'github.com/aquasecurity/trivy', 'v0.58.2', 'cmd/trivy'),
  },
] as const satisfies readonly Peer[];

export type PeerName = (typeof table)[number]['name'];
export const peers: readonly (Peer & { readonly name: PeerName })[] = table;
