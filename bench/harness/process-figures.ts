import { readFileSync } from 'node:fs';

/** Linux counts processor time for user space in hundredths of a second, whatever its own clock does. */
const TICKS_PER_S = 100;

/** Often enough to see a heap grow between two collections of garbage. */
const SAMPLE_INTERVAL_MS = 5;

/** Processor time that all threads of a process have spent so far, in user space and in the kernel. @see proc_pid_stat(5) */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold anything; counting begins after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

/** Resident memory of a process now. @see proc_pid_status(5) */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`The process ${pid} has no memory; it has ended.`);
  return Number(kilobytes) / 1024;
}

/** Runs `work` and tells the most memory that the process was seen to hold meanwhile. */
export async function peakResidentMb(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peakMb = residentMb(pid);
  const sampling = setInterval(() => (peakMb = Math.max(peakMb, residentMb(pid))), SAMPLE_INTERVAL_MS);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return peakMb;
}
