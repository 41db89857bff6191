/** Places of the mailbox and their addresses. */
import { href } from '../app/routes'
import type { Key } from '../i18n/index.svelte'
import type { IconName } from '../ui/icons'
import type { Place } from './discussions.ts'

interface Standard {
  place: Place
  /** In the address; the inbox has none. */
  slug: string
  icon: IconName
  label: Key
}

/** What discussions that are dragged are called; their ids follow one another with a space between. */
export const dragged = 'application/x-preau-discussion'

/** Where discussions may be put: folders, not views of them. */
export function isFolder(place: Place): boolean {
  return !['sent', 'drafts', 'moderation', 'folders'].includes(place) && !place.startsWith('category/')
}

export const standard: readonly Standard[] = [
  { place: '', slug: '', icon: 'mail', label: 'mail.place.inbox' },
  { place: 'sent', slug: 'envoyes', icon: 'send', label: 'mail.place.sent' },
  { place: 'drafts', slug: 'brouillons', icon: 'pen', label: 'mail.place.drafts' },
  { place: 'archive', slug: 'archives', icon: 'archive', label: 'mail.place.archive' },
  { place: 'bin', slug: 'corbeille', icon: 'trash', label: 'mail.place.bin' },
  { place: 'moderation', slug: 'moderation', icon: 'shield', label: 'mail.place.moderation' },
]

/** The list of all of them, where there is no room beside the messages. */
const folders = { place: 'folders', slug: 'dossiers' }

export function placeOf(slug: string): Place {
  return [...standard, folders].find((one) => one.slug === slug)?.place ?? slug
}

export function hrefOf(place: Place): string {
  if (place === '') return href('mail')
  if (place.startsWith('category/'))
    return href('mailCategory', { category: place.slice('category/'.length) })
  return href('mailFolder', { folder: slugOf(place) })
}

function slugOf(place: Place): string {
  return [...standard, folders].find((one) => one.place === place)?.slug ?? place
}

/** A discussion, read within a place: the ones before and after it are those of that place. */
export function readHref(id: string, place: Place): string {
  return href('mailRead', { id }) + (place === '' ? '' : `?dans=${encodeURIComponent(place)}`)
}

/** Where a message is written: a draft that is there, or a new one. */
export function writeHref(draft: string): string {
  return `/messages/ecrire/${encodeURIComponent(draft)}`
}
