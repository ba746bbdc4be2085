const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 s`, `12.5 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function durationText(seconds: number): string {
  if (shown(seconds) < MINUTE) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < HOUR) return twoUnits(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return twoUnits(whole, HOUR, 'h', MINUTE, 'min');
  return twoUnits(whole, DAY, 'd', HOUR, 'h');
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  const text = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? text : `${text} ${rest} ${smallName}`;
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `4 d ago`; a clock that is behind makes nothing come from the future. */
export function agoText(time: string | Date, nowMs: number): string {
  const seconds = Math.floor((nowMs - new Date(time).getTime()) / 1_000);
  if (seconds < 1) return 'just now';
  if (seconds < MINUTE) return `${seconds} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${Math.floor(seconds / DAY)} d ago`;
}

/** `02:14` of the last 24 hours, `03-01 02:14` before: the clock on the wall of whoever reads it. */
export function clockText(time: string, nowMs: number): string {
  const at = new Date(time);
  const clock = `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
  if (nowMs - at.getTime() < DAY * 1_000) return clock;
  return `${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} ${clock}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** What is shown decides about the unit: neither `60.0 s` nor `1000.0 kB`. */
const shown = (value: number): number => Math.round(value * 10) / 10;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `512 B`, `48.2 kB`, `314.6 MB`: powers of 1000. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (shown(value) >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
