/** What the app shows of a file by itself. */
export type Kind = 'picture' | 'pdf' | 'video' | 'sound' | 'other'

/** By the ending of a name, for files whose type nobody knew. */
const endings: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  pdf: 'application/pdf',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
}

/** A picture that every browser draws, and that can hold no script. */
export function isPicture(type: string): boolean {
  return /^image\/(jpeg|png|webp|gif)$/.test(type)
}

/** The type that a file has, or that its name promises. */
export function typeOf({ name, type }: { name: string; type: string }): string {
  const bare = type.split(';')[0]?.trim().toLowerCase() ?? ''
  if (bare && bare !== 'application/octet-stream') return bare
  return endings[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? bare
}

/** A name under which a device knows what to open it with. */
export function fullName({ name, type }: { name: string; type: string }): string {
  if (/\.\w{1,5}$/.test(name)) return name
  const ending = Object.keys(endings).find((one) => endings[one] === type)
  return ending ? `${name}.${ending}` : name
}

/** How a file is shown; `plays` says whether the browser plays videos and sounds of a type. */
export function kindOf(file: { name: string; type: string }, plays = canPlay): Kind {
  const type = typeOf(file)
  if (isPicture(type)) return 'picture'
  if (type === 'application/pdf') return 'pdf'
  if (type.startsWith('video/') && plays('video', type)) return 'video'
  if (type.startsWith('audio/') && plays('audio', type)) return 'sound'
  return 'other'
}

function canPlay(what: 'video' | 'audio', type: string): boolean {
  return document.createElement(what).canPlayType(type) !== ''
}
