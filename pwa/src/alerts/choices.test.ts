import { describe, expect, it } from 'vitest'
import { choose, gradesAt, kindsFor, laid, mailed, quietOf, rings } from './choices.ts'

describe('what rings', () => {
  const set = {
    alerts: { newGrade: false },
    children: { ines: { alerts: { newGrade: true }, mails: { newGrade: 'each' as const } } },
  }
  it('is chosen for a child, else for all, else by the school', () => {
    expect(rings(set, {}, 'newGrade', 'ines')).toBe(true)
    expect(rings(set, {}, 'newGrade', 'noe')).toBe(false)
    expect(rings(set, {}, 'newGrade')).toBe(false)
    expect(rings(set, {}, 'timetable', 'ines')).toBe(true)
    expect(rings(set, { silent: ['timetable'] }, 'timetable', 'ines')).toBe(false)
    expect(rings({ alerts: { timetable: true } }, { silent: ['timetable'] }, 'timetable')).toBe(true)
  })
  it('is told by mail as chosen, else in the digest', () => {
    expect(mailed(set, 'newGrade', 'ines')).toBe('each')
    expect(mailed(set, 'newGrade', 'noe')).toBe('digest')
    expect(mailed({ mails: { returned: 'never' } }, 'returned', 'ines')).toBe('never')
  })
  it('is at the hour and in the quiet of the school unless chosen', () => {
    const school = { gradesAt: '18:00', quiet: { from: '20:00', to: '07:30' } }
    expect([gradesAt({}, school), gradesAt({ gradesAt: '' }, school), gradesAt({}, {})]).toEqual([
      '18:00',
      '',
      '',
    ])
    expect(quietOf({}, school).from).toBe('20:00')
    expect(quietOf({ quiet: { from: '22:00', to: '06:00' } }, school).from).toBe('22:00')
    expect(quietOf({}, {}).from).toBe('21:00')
  })
})

it('a change leaves the choices that it does not name', () => {
  const first = laid({ lang: 'en' }, { alerts: { newGrade: false } })
  const second = laid(first, choose({ alerts: { dueSoon: false } }, 'ines'))
  const third = laid(second, choose({ mails: { dueSoon: 'never' } }, 'ines'))
  expect(laid(third, { alerts: { returned: true }, below: 8 })).toEqual({
    lang: 'en',
    below: 8,
    alerts: { newGrade: false, returned: true },
    children: { ines: { alerts: { dueSoon: false }, mails: { dueSoon: 'never' } } },
  })
})

it('offers what concerns somebody', () => {
  expect(kindsFor(['teacher'], undefined)).toEqual([
    'newMessage',
    'returned',
    'timetable',
    'agenda',
    'information',
    'transfers',
    'collects',
  ])
  expect(kindsFor(['guardian'], 'ines')).not.toContain('newMessage')
  expect(kindsFor(['guardian', 'teacher'], 'ines')).toContain('newGrade')
  expect(kindsFor(['admin'], undefined)).toEqual(['newMessage', 'agenda', 'information', 'transfers'])
})
