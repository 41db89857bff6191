/** Opening a file: what the browser shows by itself in a window of its own, the rest handed to the device. */
import type { FileRef, Files } from '../sync/index.ts'

/** Says whether it could be had. */
export async function openFile(
  files: Files,
  file: FileRef,
  options: { keep?: boolean; save?: boolean } = {},
): Promise<boolean> {
  const blob = await files.get(file.sha, options).catch(() => undefined)
  if (!blob) return false
  const url = URL.createObjectURL(new File([blob], file.name, { type: file.type }))
  const link = Object.assign(document.createElement('a'), { href: url, target: '_blank', rel: 'noopener' })
  if (options.save || !isShown(file.type)) link.download = file.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  return true
}

function isShown(type: string): boolean {
  return type === 'application/pdf' || isPicture(type)
}

export function isPicture(type: string): boolean {
  return /^image\/(jpeg|png|webp)$/.test(type)
}
