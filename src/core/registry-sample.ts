/** What metrics say of one registry from one vantage. */
export interface RegistrySample {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly type: string;
  readonly vantage: string;
  readonly verdict: string;
  /** Whether it can be used: every verdict but `down` and `unknown`. */
  readonly isUp: boolean;
  readonly lastProbeMs: number | null;
  readonly certificateExpiryMs: number | null;
  /** Of the stored credential. */
  readonly credentialExpiryMs: number | null;
}
