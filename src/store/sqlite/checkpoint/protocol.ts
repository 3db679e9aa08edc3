/** What the checkpointing thread is started with. */
export interface CheckpointThreadData {
  readonly file: string;
}

/** Asks for one checkpoint. */
export const CHECKPOINT = 'checkpoint';

/** What became of it: `null`, or why it failed. */
export type CheckpointReply = { readonly failure: string | null };
