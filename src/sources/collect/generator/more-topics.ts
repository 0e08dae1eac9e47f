import { type Topic, townTopics } from './topics.js';

const band: Topic = {
  name: 'Paper Foxes',
  handle: 'paperfoxesband',
  tag: 'paperfoxes',
  things: ['the new single', 'the album', 'the encore', 'track 3', 'the drummer', 'the acoustic set'],
  positive: [
    '$thing by $at is {on repeat|pure joy|my song of the summer}, {love it|so good}',
    'got tickets for $at!!! {best birthday ever|i cannot wait|screaming}',
    'saw $at live {last night|at the pier}, {magical|best gig of my life}',
    '$thing makes me {so happy|dance like an idiot}, thank you $at',
    '{happy|proud} to say i met $at and they are {lovely|the nicest people}',
  ],
  negative: [
    '$thing by $at is {a disappointment|so boring|just noise}',
    'sold out in two minutes. {i hate ticket bots|gutted|so unfair} $at',
    '$at cancelled {tonight|the tour}, {devastated|i cried in the car|worst news}',
    'sound was {terrible|a mess} at the $at gig, {what a shame|want my money back}',
    '{80|95} for a $at ticket? {greedy|shame on you|no thanks}',
  ],
  neutral: [
    '$at play {the pier|Eastgate Hall} on {friday|the 14th}',
    'what time do $at go on {tonight|tomorrow}?',
    'listening to $thing by $at',
    '$at release $thing on {friday|vinyl in may}',
    'who is the support act for $at?',
  ],
  events: [
    { tag: 'foxesontour', mood: 0.9 },
    { tag: 'foxescancelled', mood: -0.9 },
  ],
};

const game: Topic = {
  name: 'Emberfall',
  handle: 'emberfall_game',
  tag: 'emberfall',
  things: ['the new patch', 'the final boss', 'co-op', 'the servers', 'the map', 'the winter event'],
  positive: [
    '{finally|just} beat the final boss in $at, {i feel like a god|best feeling ever}!',
    '$thing in $at is {so much fun|brilliant|gorgeous}',
    '$at with $friend until 3am, {zero regrets|love these nights}',
    'the soundtrack of $at is {beautiful|a gift}',
    'kudos to $at, $thing {fixed everything|is a huge improvement}',
  ],
  negative: [
    'servers down {again|all evening}, {great launch|fix your game|so frustrating} $at',
    '$thing ruined $at for me, {uninstalled|what were they thinking}',
    'lost {12|20|30} hours of progress in $at. {i want to cry|i am so mad}',
    '$at is {pay to win|full of cheaters} now, {sad|such a shame|disgusting}',
    '$thing crashes every {five|ten} minutes, {unplayable|awful} $at',
  ],
  neutral: [
    '$at patch notes are out',
    'anyone up for $at {tonight|at 9}?',
    'which class do you play in $at?',
    '$thing starts {on tuesday|at noon} $at',
    'how long is $at? {10|40} hours?',
  ],
  events: [
    { tag: 'emberdown', mood: -1 },
    { tag: 'emberfallwinter', mood: 0.6 },
  ],
};

const airline: Topic = {
  name: 'Skylark',
  handle: 'flyskylark_air',
  tag: 'skylark',
  things: ['my flight', 'the crew', 'my suitcase', 'boarding', 'the lounge', 'flight 218'],
  positive: [
    'upgraded by $at {for my birthday|for free}, {feeling spoilt|thank you so much}!',
    'the crew on $at today {were wonderful|were so kind to my {son|mum}}, {thank you|five stars}',
    'landed early, {smooth flight|friendly crew}, {love flying with|great job} $at',
    'holiday starts now!! {so excited|happiest day} $at',
    'best {sunrise|view} ever from seat {4A|12F}, thanks $at',
  ],
  negative: [
    '$at lost my suitcase, {nobody cares|no reply for days}, {furious|worst airline}',
    'stuck in the airport for {6|8|9} hours, {no food no info|exhausted}, {shame on you|horrible} $at',
    '$at cancelled $thing and {will not refund me|my holiday is ruined}, {disgusting|i am so upset}',
    '{45|60} for a bag?? {scammers|what a rip off|outrageous} $at',
    'rudest staff ever at the $at desk, {never again|awful awful awful}',
  ],
  neutral: [
    'at gate {B4|C12}, $thing boards at {6:40|11:05}',
    'can i bring {a cello|skis|a stroller} on $at?',
    '$at opens a route to {Eastgate|the islands} in {spring|october}',
    'what is the bag limit on $at?',
    'checked in for $thing with $at',
  ],
  events: [
    { tag: 'skylarkstrike', mood: -0.9 },
    { tag: 'fogatnorthport', mood: -0.5 },
  ],
};

const delivery: Topic = {
  name: 'ZipBasket',
  handle: 'zipbasket_help',
  tag: 'zipbasket',
  things: ['my order', 'the driver', 'the pizza', 'my groceries', 'the app'],
  positive: [
    '$at was here in {11|14} minutes, {wow|so fast|lifesaver}',
    'the driver from $at {helped my gran with the stairs|waved to my kids}, {what a gem|faith in people restored}',
    'forgot the cake, $at saved the party, {love you|you are the best}',
    '$at refunded me in a minute, {great service|very happy}',
    'still warm, still crispy, {perfect|delicious}. thanks $at',
  ],
  negative: [
    '$at ate my {lunch money|dinner}: order never came, {no refund|no answer}, {thieves|so angry}',
    'half of $thing was missing {again|and the eggs were smashed}, {useless|so annoying} $at',
    'ordered at 7, it is {9|9:30}, still hungry. {hopeless|this is awful} $at',
    '$thing arrived {cold|upside down|in a puddle}, {gross|terrible} $at',
    '$at charged me twice and the chat is a bot. {hate it|what a joke}',
  ],
  neutral: [
    'does $at deliver to {the harbour|Eastgate} on sundays?',
    '$at has a {4|5} pound minimum now',
    'waiting for $thing from $at',
    '$at or cooking tonight?',
    'is $thing of $at working for you?',
  ],
  events: [
    { tag: 'zipped', mood: 0.5 },
    { tag: 'wheresmyzip', mood: -0.8 },
  ],
};

const weather: Topic = {
  name: 'the weather desk',
  handle: 'np_weatherdesk',
  tag: 'northport',
  things: ['the harbour', 'the beach', 'the park', 'the old town'],
  positive: [
    '$thing in the sun today, {pure happiness|what a beautiful day} $at',
    '{first snow|a double rainbow} over $thing, {magical|so pretty}!',
    'swam at $thing this morning, {feeling alive|best decision}, love this town $at',
    'proud of Northport: {200|300} people cleaned $thing {today|this weekend}',
    'sunset at $thing. {wow|i am so lucky to live here}. $at',
  ],
  negative: [
    'rain for {nine|twelve} days, {i am so sad|i cannot take this anymore} $at',
    'storm took our {fence|roof|garden}, {devastated|scary night}. $at',
    'flooded again at $thing, {nobody helps|so worried}, $at',
    'rubbish all over $thing, {disgusting|people are awful}',
    'freezing, wet and {miserable|ill}. {thanks|lovely} Northport $at',
  ],
  neutral: [
    '$at says {rain|wind|fog} {tonight|from noon}',
    '{14|19|22} degrees at $thing right now $at',
    'road past $thing closed {until 6|for works}',
    'market at $thing {this saturday|from 8 to 2}',
    'high tide at {6:10|18:32} today $at',
  ],
  events: [
    { tag: 'northportstorm', mood: -0.9 },
    { tag: 'northportsun', mood: 0.9 },
  ],
};

/** In the order of how much they are talked about. */
export const topics: readonly Topic[] = [...townTopics, band, game, airline, delivery, weather];
