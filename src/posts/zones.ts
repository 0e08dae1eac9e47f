/**
 * Zone abbreviations as literal offsets. An abbreviation names an offset, never a region: `PDT` is −07:00 in January
 * too. This is the one table; every dialect compiles it in, so that no runtime's own idea of zones takes part.
 */
import { MurmurError } from '../base/errors.js';

/** Upper-case abbreviation to minutes east of UTC. */
export type ZoneTable = ReadonlyMap<string, number>;

/** Abbreviation, offset, where; a fourth entry says which other readings exist, so that users may choose theirs. */
type Zone = readonly [abbreviation: string, offset: string, where: string, otherwise?: string];

export const knownZones: readonly Zone[] = [
  ['Z', '+00:00', 'UTC'],
  ['UT', '+00:00', 'UTC'],
  ['UTC', '+00:00', 'UTC'],
  ['GMT', '+00:00', 'Greenwich'],

  ['NST', '-03:30', 'Newfoundland'],
  ['NDT', '-02:30', 'Newfoundland, summer'],
  ['AST', '-04:00', 'Atlantic', 'Arabia +03:00'],
  ['ADT', '-03:00', 'Atlantic, summer', 'Arabia, summer +04:00'],
  ['EST', '-05:00', 'US Eastern', 'Australian Eastern +10:00'],
  ['EDT', '-04:00', 'US Eastern, summer', 'Australian Eastern, summer +11:00'],
  ['CST', '-06:00', 'US Central', 'China +08:00, Cuba -05:00, Australian Central +09:30'],
  ['CDT', '-05:00', 'US Central, summer', 'Cuba, summer -04:00'],
  ['MST', '-07:00', 'US Mountain', 'Malaysia +08:00, Myanmar +06:30'],
  ['MDT', '-06:00', 'US Mountain, summer'],
  ['PST', '-08:00', 'US Pacific', 'Philippines +08:00'],
  ['PDT', '-07:00', 'US Pacific, summer'],
  ['AKST', '-09:00', 'Alaska'],
  ['AKDT', '-08:00', 'Alaska, summer'],
  ['HST', '-10:00', 'Hawaii'],
  ['HDT', '-09:00', 'Hawaii-Aleutian, summer'],
  ['SST', '-11:00', 'Samoa', 'Singapore +08:00'],
  ['CHST', '+10:00', 'Guam'],

  ['ART', '-03:00', 'Argentina'],
  ['BOT', '-04:00', 'Bolivia'],
  ['BRT', '-03:00', 'Brazil'],
  ['BRST', '-02:00', 'Brazil, summer'],
  ['CLT', '-04:00', 'Chile'],
  ['CLST', '-03:00', 'Chile, summer'],
  ['COT', '-05:00', 'Colombia'],
  ['ECT', '-05:00', 'Ecuador', 'Eastern Caribbean -04:00'],
  ['PET', '-05:00', 'Peru'],
  ['PYT', '-04:00', 'Paraguay'],
  ['UYT', '-03:00', 'Uruguay'],
  ['VET', '-04:00', 'Venezuela', 'until 2016 -04:30'],

  ['WET', '+00:00', 'Western Europe'],
  ['WEST', '+01:00', 'Western Europe, summer'],
  ['BST', '+01:00', 'Britain, summer', 'Bangladesh +06:00'],
  ['CET', '+01:00', 'Central Europe'],
  ['CEST', '+02:00', 'Central Europe, summer'],
  ['MET', '+01:00', 'Middle Europe'],
  ['MEST', '+02:00', 'Middle Europe, summer'],
  ['EET', '+02:00', 'Eastern Europe'],
  ['EEST', '+03:00', 'Eastern Europe, summer'],
  ['MSK', '+03:00', 'Moscow', '2011 to 2014 +04:00'],
  ['MSD', '+04:00', 'Moscow, summer'],
  ['TRT', '+03:00', 'Turkey'],

  ['WAT', '+01:00', 'West Africa'],
  ['CAT', '+02:00', 'Central Africa'],
  ['SAST', '+02:00', 'South Africa'],
  ['EAT', '+03:00', 'East Africa'],

  ['IST', '+05:30', 'India', 'Israel +02:00, Ireland, summer +01:00'],
  ['IDT', '+03:00', 'Israel, summer'],
  ['IRST', '+03:30', 'Iran'],
  ['IRDT', '+04:30', 'Iran, summer'],
  ['GST', '+04:00', 'Gulf', 'South Georgia -02:00'],
  ['AFT', '+04:30', 'Afghanistan'],
  ['PKT', '+05:00', 'Pakistan'],
  ['UZT', '+05:00', 'Uzbekistan'],
  ['NPT', '+05:45', 'Nepal'],
  ['MMT', '+06:30', 'Myanmar'],
  ['ICT', '+07:00', 'Indochina'],
  ['WIB', '+07:00', 'Western Indonesia'],
  ['WITA', '+08:00', 'Central Indonesia'],
  ['WIT', '+09:00', 'Eastern Indonesia'],
  ['HKT', '+08:00', 'Hong Kong'],
  ['MYT', '+08:00', 'Malaysia'],
  ['PHT', '+08:00', 'Philippines'],
  ['SGT', '+08:00', 'Singapore'],
  ['JST', '+09:00', 'Japan'],
  ['KST', '+09:00', 'Korea'],

  ['AWST', '+08:00', 'Australian Western'],
  ['ACST', '+09:30', 'Australian Central'],
  ['ACDT', '+10:30', 'Australian Central, summer'],
  ['AEST', '+10:00', 'Australian Eastern'],
  ['AEDT', '+11:00', 'Australian Eastern, summer'],
  ['NZST', '+12:00', 'New Zealand'],
  ['NZDT', '+13:00', 'New Zealand, summer'],
];

/** What no configuration can change. */
const fixed = new Set(['Z', 'UT', 'UTC', 'GMT']);

/**
 * The known zones with some of them read differently, or others added: `{ CST: '+08:00' }`.
 * @throws posts.bad_zone (user) for a name that is no abbreviation, an impossible offset, or UTC's own names
 */
export function zoneTable(overrides: Readonly<Record<string, string>> = {}): ZoneTable {
  const table = new Map(knownZones.map(([name, offset]) => [name, offsetMinutes(offset)!]));
  for (const [given, offset] of Object.entries(overrides)) {
    const name = given.toUpperCase();
    const minutes = offsetMinutes(offset);
    if (!/^[A-Z]{2,6}$/.test(name) || minutes === undefined || fixed.has(name)) {
      throw new MurmurError('posts.bad_zone', `zone ${given}: ${offset} cannot be used`, {
        fault: 'user',
        fix: 'write an abbreviation of 2 to 6 letters and an offset like "-06:00" under zones in murmur.yaml',
        context: { zone: given, offset },
      });
    }
    table.set(name, minutes);
  }
  return table;
}

/** Minutes east of `±hh`, `±hhmm` or `±hh:mm`, at most 18 hours; undefined for anything else. */
export function offsetMinutes(offset: string): number | undefined {
  const match = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(offset);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (Number(match[3] ?? 0) > 59 || minutes > 18 * 60) return undefined;
  // `0 -` keeps -00:00 from becoming negative zero.
  return match[1] === '-' ? 0 - minutes : minutes;
}

export const defaultZones: ZoneTable = zoneTable();
