// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { parse } from './fragment'
import { href, match, routes } from './routes'

describe('addresses', () => {
  test.each([
    ['/', 'home', {}],
    ['/travail', 'work', {}],
    ['/travail/', 'work', {}],
    ['/travail/donner', 'give', {}],
    ['/travail/0192-ab', 'homework', { id: '0192-ab' }],
    ['/copies/k1/h1/s1', 'copy', { course: 'k1', id: 'h1', student: 's1' }],
    ['/nulle/part', 'lost', {}],
    ['/travail/%E0%A4%A', 'homework', { id: '%E0%A4%A' }],
  ])('%s opens %s', (path, name, params) => {
    expect(match(path)).toMatchObject({ name, params })
  })

  test('a made address opens the screen it was made for', () => {
    expect(match(href('copy', { course: 'k/1', id: 'é ?', student: 's' }))).toMatchObject({
      name: 'copy',
      params: { course: 'k/1', id: 'é ?', student: 's' },
    })
  })

  test('no two routes share an address', () => {
    const paths = Object.values(routes).map((route) => route.path)
    expect(new Set(paths).size).toBe(paths.length)
  })
})

describe('secrets in the fragment', () => {
  const secret = 'A'.repeat(43)

  test('version, id, secret', () => {
    expect(parse(`#1.abcdef123456.${secret}`)).toEqual({ id: 'abcdef123456', secret })
  })

  test.each([
    '',
    '#',
    '#main',
    `#2.abcdef.${secret}`,
    '#1.abcdef.short',
    `#1.ab/cdef.${secret}`,
    `#1.abcdef.${secret}.more`,
  ])('not %s', (hash) => {
    expect(parse(hash)).toBeUndefined()
  })
})
