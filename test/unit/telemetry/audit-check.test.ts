import { AUDIT_ORIGIN, auditHash, type StoredAuditEntry } from '../../../src/core/audit.ts';
import { attestationOf, attestationText, chainBeginning, isGap, verificationOf, withEntry, type Attestation, type AuditVerification } from '../../../src/telemetry/audit-check.ts';

/** A whole chain of entries 1 to `count`. */
function chainOf(count: number): StoredAuditEntry[] {
  const chain: StoredAuditEntry[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const previous = chain.at(-1)?.hash ?? AUDIT_ORIGIN;
    const text = `{"entry":${seq}}`;
    chain.push({ seq, previous, hash: auditHash(previous, seq, text), text });
  }
  return chain;
}

const check = (entries: readonly StoredAuditEntry[], attestations: readonly Attestation[] = []): AuditVerification =>
  verificationOf(entries.reduce((before, entry) => withEntry(before, entry, attestations), chainBeginning));

/** `chain` with its entry of this number replaced. */
const changed = (chain: readonly StoredAuditEntry[], seq: number, change: (entry: StoredAuditEntry) => Partial<StoredAuditEntry>): StoredAuditEntry[] =>
  chain.map((entry) => (entry.seq === seq ? { ...entry, ...change(entry) } : entry));

const sealedAnew = ({ seq, previous }: StoredAuditEntry, text: string): Partial<StoredAuditEntry> => ({ text, hash: auditHash(previous, seq, text) });

describe('checking the chain of the audit', () => {
  const chain = chainOf(10);
  const head = { seq: 10, hash: chain[9]!.hash };

  it('finds a whole chain whole, and tells its head', () => {
    expect(check(chain)).toEqual({ ok: true, entries: 10, from_seq: 1, head });
    expect(check([])).toEqual({ ok: true, entries: 0, from_seq: 1, head: null });
  });

  it.each([1, 5, 10])('finds a changed text (%p)', (seq) => {
    expect(check(changed(chain, seq, () => ({ text: '{"entry":0}' })))).toMatchObject({ ok: false, broken_at: seq });
  });

  it.each([1, 5, 9])('finds a changed text that was sealed anew, by the next entry (%p)', (seq) => {
    expect(check(changed(chain, seq, (entry) => sealedAnew(entry, '{}')))).toMatchObject({ ok: false, broken_at: seq + 1 });
  });

  it('cannot see that the last entry was sealed anew, but whoever kept the head can', () => {
    const found = check(changed(chain, 10, (entry) => sealedAnew(entry, '{}')));
    expect(found.ok).toBe(true);
    expect(found.head).not.toEqual(head);
  });

  it.each([1, 5, 9])('finds an entry that is missing (%p)', (seq) => {
    expect(check(chain.filter((entry) => entry.seq !== seq))).toMatchObject({ ok: false, broken_at: seq });
  });

  it('finds an entry that was taken out with the numbers after it moved up', () => {
    const moved = chain.filter(({ seq }) => seq !== 5).map((entry) => (entry.seq > 5 ? { ...entry, seq: entry.seq - 1 } : entry));
    expect(check(moved)).toMatchObject({ ok: false, broken_at: 5 });
  });

  it('finds entries that changed places', () => {
    const [fourth, fifth] = [chain[3]!, chain[4]!];
    const swapped = changed(changed(chain, 4, () => ({ ...fifth, seq: 4 })), 5, () => ({ ...fourth, seq: 5 }));
    expect(check(swapped)).toMatchObject({ ok: false, broken_at: 4 });
  });

  it('sees by the head that the end was cut off, though what is left is whole', () => {
    expect(check(chain.slice(0, 8))).toEqual({ ok: true, entries: 8, from_seq: 1, head: { seq: 8, hash: chain[7]!.hash } });
  });

  it('trusts a beginning that is gone only where it was attested', () => {
    const rest = chain.slice(4);
    const attested = { seq: 4, hash: chain[3]!.hash };
    expect(check(rest)).toMatchObject({ ok: false, broken_at: 1 });
    expect(check(rest, [attested])).toEqual({ ok: true, entries: 6, from_seq: 5, head });
    expect(check(rest, [{ seq: 4, hash: chain[2]!.hash }])).toMatchObject({ ok: false, broken_at: 5 });
    expect(check(rest, [{ seq: 3, hash: chain[2]!.hash }])).toMatchObject({ ok: false, broken_at: 1 });
  });

  it('trusts what is left of a beginning that was removed only in part', () => {
    const attested = { seq: 6, hash: chain[5]!.hash };
    expect(check(chain.slice(3), [attested])).toEqual({ ok: true, entries: 7, from_seq: 4, head });
    expect(check(chain.filter(({ seq }) => seq !== 1 && seq !== 3 && seq !== 6), [attested])).toEqual({ ok: true, entries: 4, from_seq: 7, head });
    expect(check(chain.filter(({ seq }) => seq !== 8), [attested])).toMatchObject({ ok: false, broken_at: 8 });
    expect(check(changed(chain.slice(3), 5, (entry) => sealedAnew(entry, '{}')), [attested])).toMatchObject({ ok: false, broken_at: 6 });
  });

  it('tells where entries are missing', () => {
    expect(isGap(chainBeginning, chain[0]!)).toBe(false);
    expect(isGap(chainBeginning, chain[1]!)).toBe(true);
  });

  it('reads attestations as they are written, and nothing else', () => {
    expect(attestationOf(attestationText(head))).toEqual(head);
    for (const text of [null, '', '5', '5:', `5:${'g'.repeat(64)}`, `-1:${'a'.repeat(64)}`, `5:${'a'.repeat(65)}`]) expect(attestationOf(text)).toBeNull();
  });
});
