/** A file is opened: shown here where the app can, else handed to the device. */
import { toast } from '../app/announce.svelte'
import { t } from '../i18n/index.svelte'
import { fullName, kindOf } from './kinds.ts'
import type { Viewed } from './viewed.ts'
import { viewer } from './viewer.svelte.ts'

/** Opens one of a list; the others are next to it. */
export async function openFile(files: readonly Viewed[], index: number): Promise<void> {
  const file = files[index]
  if (!file) return
  if (file.lost || kindOf(file) !== 'other') {
    await viewer.show(files, index).catch(() => toast(t('file.offline'), { tone: 'error' }))
  } else if (await saveFile(file)) toast(t('viewer.saved', { name: file.name }))
}

/** Hands it to the device under its name, and says when it cannot be had. */
export async function saveFile(file: Viewed): Promise<boolean> {
  const name = fullName(file)
  if (file.address) {
    follow(file.address, name)
    return true
  }
  const blob = await file.load().catch(() => undefined)
  if (!blob) toast(t('file.offline'), { tone: 'error' })
  else {
    const url = URL.createObjectURL(new File([blob], name, { type: file.type }))
    follow(url, name)
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  }
  return blob !== undefined
}

function follow(href: string, download: string): void {
  Object.assign(document.createElement('a'), { href, download }).click()
}
