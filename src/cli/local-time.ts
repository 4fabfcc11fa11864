/** A moment as clocks here show it, with the name of the zone: "2026-11-26 15:02:11 CET". */
export function localTime(iso: string, { seconds = true }: { readonly seconds?: boolean } = {}): string {
  const parts = new Map(
    new Intl.DateTimeFormat("en-GB", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    })
      .formatToParts(new Date(iso))
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? "";
  const time = `${part("hour")}:${part("minute")}${seconds ? `:${part("second")}` : ""}`;
  return `${part("year")}-${part("month")}-${part("day")} ${time} ${part("timeZoneName")}`;
}
