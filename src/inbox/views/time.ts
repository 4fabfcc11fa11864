import type { ThreadSummary } from "../../store/store.ts";

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** A span of time in its largest unit: "4 min", "2 h", "3 d". Under a second: "0 s". */
export function span(ms: number): string {
  for (const [size, unit] of UNITS) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return "0 s";
}

/** A short span with what matters of it: "340 ms", "1.2 s", "4 min 10 s". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms >= 3_600_000) return span(ms);
  const seconds = Math.floor((ms % 60_000) / 1_000);
  return `${Math.floor(ms / 60_000)} min${seconds === 0 ? "" : ` ${seconds} s`}`;
}

/** How long ago a moment was, for people: "just now", "4 min ago". */
export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  return ms < 10_000 ? "just now" : `${span(ms)} ago`;
}

/** How much time is left until a moment: "12 min left", or "expired". */
export function describeTimeLeft(iso: string, now: number): string {
  const ms = Date.parse(iso) - now;
  return ms <= 0 ? "expired" : `${span(ms)} left`;
}

/** A moment as a time of day, UTC: "14:02:11". */
export function timeOfDay(iso: string): string {
  return iso.slice(11, 19);
}

/** A moment in full, UTC: "2026-01-01 14:02:11 UTC". */
export function fullTime(iso: string): string {
  return `${iso.slice(0, 10)} ${timeOfDay(iso)} UTC`;
}

/** A moment in short, UTC, for lists: "26 Nov 2026, 14:02 UTC". */
export function shortTime(iso: string): string {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? "";
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(0, 4)}, ${iso.slice(11, 16)} UTC`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** The time zone as the platform calls it, such as "Europe/Vienna"; "UTC" for one that it does not know. */
export function knownZone(name: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

/** When the day of a moment (ms since the epoch) began in a time zone that `knownZone` has given. */
export function startOfDay(now: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
  });
  const clockAt = (at: number) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const day = Date.UTC(part("year"), part("month") - 1, part("day"));
    return { day, time: day + part("hour") * 3_600_000 + part("minute") * 60_000 };
  };
  const { day } = clockAt(now);
  // How far clocks there are ahead is not the same all year: asked at about midnight, and once more at what that gives.
  const midnight = (about: number) => day - (clockAt(about).time - Math.floor(about / 60_000) * 60_000);
  return midnight(midnight(now));
}

/** The day of a moment in a time zone: "26 Nov 2026". */
export function dayIn(now: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    ...{ day: "numeric", month: "short", year: "numeric" },
  }).format(now);
}

/** How long a thread has taken: until it ended, or so far. */
export function durationOf(
  { status, createdAt, updatedAt }: Pick<ThreadSummary, "status" | "createdAt" | "updatedAt">,
  now: number,
): string {
  const hasEnded = status === "finished" || status === "failed" || status === "cancelled";
  const ms = (hasEnded ? Date.parse(updatedAt) : now) - Date.parse(createdAt);
  return hasEnded ? span(Math.max(0, ms)) : `${span(Math.max(0, ms))} so far`;
}
