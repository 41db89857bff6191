import { expect, test } from 'vitest'
import { fullName, isPicture, kindOf, typeOf } from './kinds.ts'

const none = () => false
const all = () => true

test.each([
  ['image/jpeg', 'picture'],
  ['image/webp', 'picture'],
  ['image/svg+xml', 'other'],
  ['image/heic', 'other'],
  ['application/pdf', 'pdf'],
  ['text/html', 'other'],
  ['text/plain', 'other'],
  ['application/vnd.oasis.opendocument.text', 'other'],
])('%s is shown as %s', (type, kind) => {
  expect(kindOf({ name: 'a', type }, all)).toBe(kind)
})

test('videos and sounds are shown where the browser plays them', () => {
  const film = { name: 'film', type: 'video/mp4' }
  const song = { name: 'chant', type: 'audio/mpeg' }
  expect([kindOf(film, all), kindOf(song, all)]).toEqual(['video', 'sound'])
  expect([kindOf(film, none), kindOf(song, none)]).toEqual(['other', 'other'])
})

test('where nobody knew the type, the ending of the name tells; what was known wins', () => {
  expect(typeOf({ name: 'Plan.PDF', type: '' })).toBe('application/pdf')
  expect(typeOf({ name: 'photo.jpg', type: 'application/octet-stream' })).toBe('image/jpeg')
  expect(typeOf({ name: 'photo.jpg', type: 'text/html; charset=utf-8' })).toBe('text/html')
  expect(typeOf({ name: 'sans ending', type: '' })).toBe('')
  expect(isPicture('image/svg+xml')).toBe(false)
})

test('a name without an ending gets that of its type', () => {
  expect(fullName({ name: 'Page 1', type: 'image/jpeg' })).toBe('Page 1.jpg')
  expect(fullName({ name: 'Plan.pdf', type: 'application/pdf' })).toBe('Plan.pdf')
  expect(fullName({ name: 'Notes', type: 'text/plain' })).toBe('Notes')
})
