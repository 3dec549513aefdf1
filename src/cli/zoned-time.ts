/** A moment of today as people read it off a screen, with its zone: `23:05:12 UTC+1`. */
export function clockText(at: number): string {
  const time = new Date(at);
  return `${time.toTimeString().slice(0, 8)} ${zoneText(time)}`;
}

/** A moment of any day, with its zone: `2026-11-30 23:05:12 UTC+1`. */
export function dayAndClockText(at: number): string {
  const time = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clockText(at)}`;
}

/** `UTC`, `UTC+1`, `UTC-3:30`: this machine's zone at that time. */
function zoneText(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `UTC${minutes < 0 ? "-" : "+"}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}
