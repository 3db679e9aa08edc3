/** As much of Kubernetes' objects as the tests look at. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly scheme?: 'HTTP' | 'HTTPS' };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly Variable[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly Container[];
}

/** A Deployment or a Job. */
export interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly spec: Pod } };
  readonly status?: { readonly availableReplicas?: number };
}

export const podOf = ({ spec }: Deployment): Pod => spec.template.spec;
export const containersOf = (deployment: Deployment): readonly Container[] => podOf(deployment).containers;

/** Variables of a container whose values stand in the manifest. */
export const variablesOf = ({ env = [] }: Container): Record<string, string> => Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
