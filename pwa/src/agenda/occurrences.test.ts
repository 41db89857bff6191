import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hostOf, linkOf } from './link.ts'
import { daysOf, occurrences, type Occurrence } from './occurrences.ts'
import type { AgendaEvent } from './records.ts'

interface Example {
  event: AgendaEvent
  from: string
  until: string
  today: string
  times: Occurrence[]
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../../api/agenda/testdata', name), 'utf8'))
}

// P9: the server and the devices lay out the times of an event alike.
test.each((read('occurrences.json') as Example[]).map((one, i) => [i, one] as const))(
  'example %i is what the server says',
  (_, { event, from, until, today, times }) => {
    expect(occurrences(event, from, until, today)).toEqual(times)
  },
)

// P32: the host that a reader is shown is the one that the server let through.
test.each(Object.entries(read('links.json') as Record<string, string>))('%j leads to %j', (link, host) => {
  expect(hostOf(link)).toBe(host)
})

test.each([
  ['visio.example/5b', 'https://visio.example/5b'],
  [' https://VISIO.example ', 'https://visio.example/'],
  ['https://visio.еxample/x', 'https://visio.xn--xample-2of/x'], // a Cyrillic letter shows
  ['https://visio.example/é', 'https://visio.example/%C3%A9'],
  ['http://visio.example', ''],
  ['https://bank.example@visio.example', ''],
  ['javascript:alert(1)', ''],
  ['tout à l’heure', ''],
  ['', ''],
])('typed %j is %j', (typed, link) => {
  expect(linkOf(typed)).toBe(link)
})

test('no event of every week is endless', () => {
  expect(daysOf({ start: '2026-11-24T08:00', until: '9999-12-31' }).length).toBe(60)
})
