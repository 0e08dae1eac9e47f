/**
 * What the made-up people of the made-up town of Northport talk about. Names, handles and sentences are invented. In a
 * sentence `{a|b}` is a choice, `$at` the topic's handle or name, `$thing` one of its things, `$friend` another person.
 */
export interface Topic {
  readonly name: string;
  readonly handle: string;
  readonly tag: string;
  readonly things: readonly string[];
  readonly positive: readonly string[];
  readonly negative: readonly string[];
  readonly neutral: readonly string[];
  /** What a burst of posts may be about: a tag and which way the mood goes. */
  readonly events: readonly { readonly tag: string; readonly mood: number }[];
}

const coffee: Topic = {
  name: 'Bean Barn',
  handle: 'beanbarn_np',
  tag: 'beanbarn',
  things: ['flat white', 'cold brew', 'oat latte', 'cinnamon bun', 'mocha', 'pumpkin loaf'],
  positive: [
    'the {new|seasonal} $thing at $at is {unreal|so good|the best thing i have had all week}',
    '$at just {made|saved} my morning, {best|loveliest} staff in Northport',
    '{free|surprise} $thing from $at {today|this morning}, {you guys rock|thank you so much|made my day}',
    'honestly $at never lets me down, perfect $thing every {single |}time',
    'the barista at $at remembered my {name|order}, {i love it here|day made|what a sweetheart}',
    '$thing, window seat, rain outside. {i love|bless you} $at',
    'if you have not tried the $thing at $at you are missing out, {absolutely delicious|so so good}',
  ],
  negative: [
    '$at got my order wrong {again|for the third time this week}, {so annoyed|unbelievable|not happy}',
    'waited {20|25|40} minutes for a $thing at $at and it was {cold|burnt|awful}',
    '{5.80|6.20|6.90} for a $thing at $at? {what a rip off|never again|absolute robbery}',
    'the wifi at $at is {useless|terrible|broken again} and so is the $thing',
    'found a hair in my $thing. {disgusting|gross}, $at',
    'why is the staff at $at so rude {lately|these days}, {ruined my morning|i am done}',
    '$at stopped making the $thing and {i hate it|i am heartbroken|my week is ruined}',
  ],
  neutral: [
    '$at opens at {7|8} on {sundays|bank holidays} now',
    'is the $at on {Mill Street|Dock Road} open {today|tomorrow}?',
    'meeting {a friend|my brother|someone from work} at $at {at noon|at 3|after work}',
    'does $at still do the $thing with {oat|soy} milk?',
    'the $at by the {station|library} moves to {Mill Street|Pier 4} in {march|june}',
    'ordered a $thing, waiting at the counter of $at',
  ],
  events: [
    { tag: 'freecoffeeday', mood: 0.9 },
    { tag: 'beanbarnqueue', mood: -0.7 },
  ],
};

const metro: Topic = {
  name: 'Line 7',
  handle: 'northport_line7',
  tag: 'line7',
  things: ['the 6:55', 'the 7:42', 'the 8:15', 'the last train', 'the express'],
  positive: [
    '$at on time {all week|three days in a row}, {well done|i am impressed|keep it up}',
    'got a seat on $thing for once, {best|happiest} start of the day $at',
    'shout out to the driver on $at who {waited for me|told jokes all the way}, {what a legend|you made us all smile}',
    'the new trains on $at are {gorgeous|so comfy|really nice}',
    'lost my bag on $at and they found it within the hour. {amazing service|so grateful|thank you thank you}',
    '{love|loving} the view from $thing this morning $at',
  ],
  negative: [
    '$at delayed again, {30|45|50} minutes {in the cold|with no announcement}, {this is a joke|so fed up}',
    '$thing cancelled, no reason given. {pathetic|disgraceful|sort it out} $at',
    'packed like sardines on $at {again|this morning}, {hate this|i want to cry}',
    'missed my {interview|exam|flight} because of $at. {thanks for nothing|furious|i could scream}',
    '{no heating|no lights|broken doors} on $thing, {freezing|miserable|what a shambles} $at',
    'third day of delays on $at and they raise the fares. {ridiculous|shameful|what a rip off}',
    'oh great, $at has stopped in the tunnel. {just what i needed|exactly what monday needed}',
  ],
  neutral: [
    'on $thing to {Northport|Eastgate|the harbour}',
    '$at runs every {10|12|15} minutes on {saturdays|sundays}',
    'does $at stop at {Eastgate|Mill Street} {tonight|on sundays}?',
    'platform {2|3|5} for $thing today, says $at',
    '$at timetable changes {on monday|from the 12th}',
    'is there a bike carriage on $thing? $at',
  ],
  events: [
    { tag: 'line7down', mood: -1 },
    { tag: 'faresfair', mood: -0.6 },
    { tag: 'newtrains', mood: 0.7 },
  ],
};

const phone: Topic = {
  name: 'Nova',
  handle: 'novahandsets',
  tag: 'nova9',
  things: ['camera', 'battery', 'new update', 'screen', 'night mode', 'charger'],
  positive: [
    'the $thing on my $at is {incredible|amazing|so much better than i expected}',
    'two days without charging, {wow|i am in love} $at',
    '{finally|just} got the Nova 9 and {i love it|i am so happy with it|what a beauty}',
    'the $thing is worth every penny, {great job|well done} $at',
    'took this with the Nova 9 {last night|at the harbour}, {stunning|so pretty}, thanks $at',
    '$at support replaced my $thing for free, {brilliant|top service|very impressed}',
  ],
  negative: [
    'the {latest|new} update killed my $thing, {fix this|so angry|worst update ever} $at',
    'my Nova died {again|after two weeks}, {piece of junk|what a waste of money} $at',
    '{2|3} hours on hold with $at support and {nobody helped|they hung up}, {terrible|never buying again}',
    'cracked the $thing on day one. {i am gutted|i could cry}. $at',
    '$at wants {90|120|140} to repair a $thing. {are you kidding me|disgusting|no way}',
    'the $thing overheats all the time, {so disappointed|really bad} $at',
  ],
  neutral: [
    'does the Nova 9 have {a headphone jack|two sim slots|wireless charging}? $at',
    '$at announces the Nova 10 {on thursday|next week}',
    'comparing the $thing of the Nova 8 and the Nova 9 {tonight|for a review}',
    'anyone know how to turn off the $thing at night? $at',
    '$at rolls out the update to {older models|the Nova 7} this month',
    'which case do you use for the Nova 9?',
  ],
  events: [
    { tag: 'nova10', mood: 0.6 },
    { tag: 'novafail', mood: -0.9 },
  ],
};

const football: Topic = {
  name: 'Rovers',
  handle: 'harbour_rovers',
  tag: 'uptherovers',
  things: ['the keeper', 'the defence', 'our captain', 'number 9', 'the new coach', 'the midfield'],
  positive: [
    'what a {goal|save|match}! {come on|get in} $at',
    '$thing was {brilliant|immense|on fire} today, {so proud|love this team} $at',
    '{3|4|5} nil!! {best night of my life|i am speechless|unbelievable scenes} $at',
    'took my {dad|daughter|nephew} to see $at, {perfect day|memories for life}',
    '$at through to the {final|semis}, {i am crying happy tears|dreams do come true}',
    '{great|superb} win, great atmosphere, love you $at',
  ],
  negative: [
    '$thing was {awful|a disgrace|asleep} {today|all night}, {embarrassing|so angry} $at',
    'another {defeat|own goal|red card}. {i give up|pathetic} $at',
    'the ref {robbed|ruined} us. {sick of this|disgusting}. $at',
    'paid {35|40|48} to watch $at lose {again|in the rain}, {never again|heartbroken}',
    'worst match i have ever seen, {shame on you|no passion at all} $at',
    '$thing out injured for {six weeks|the season}, {gutted|this hurts} $at',
  ],
  neutral: [
    'kick off at {3|7:45} {today|tomorrow}, $at away at Eastgate',
    'half time, 0 0. $at',
    '$at sign a {goalkeeper|defender} from Eastgate Town',
    'who is in goal for $at {tonight|on saturday}?',
    'tickets for $at go on sale {at nine|on friday}',
    'line up is out: $thing starts. $at',
  ],
  events: [
    { tag: 'rovgate', mood: -0.8 },
    { tag: 'goalrovers', mood: 1 },
    { tag: 'cupnight', mood: 0.5 },
  ],
};

const series: Topic = {
  name: 'Saltwater',
  handle: 'saltwater_tv',
  tag: 'saltwater',
  things: ['the finale', 'episode 4', 'the lighthouse scene', 'the soundtrack', 'the captain', 'season 2'],
  positive: [
    '$thing of $at was {perfect|breathtaking|a masterpiece}',
    '{crying|sobbing} at $thing, {so beautiful|best show on tv} $at',
    'binged all of $at {in one night|this weekend}, {no regrets|loved every minute}',
    'the acting in $at is {superb|out of this world}, give them all the awards',
    '$thing gave me chills, {bravo|wow just wow} $at',
    '$friend told me to watch $at and {i am hooked|i owe you one}, so good',
  ],
  negative: [
    '$thing of $at was {boring|a mess|such a let down}',
    'they killed my favourite on $at, {i am devastated|i hate everything|so upset}',
    '$thing made no sense, {worst episode|what a waste of an hour} $at',
    'spoilers for $at everywhere, {thanks a lot|so annoying|day ruined}',
    'cannot believe they cancelled $at, {heartbroken|this sucks}',
    'fell asleep during $thing, {so dull|terrible writing} $at',
  ],
  neutral: [
    'new episode of $at {thursday|tonight} at 9',
    'where can i watch $at {with subtitles|outside the country}?',
    'starting $at {tonight|from episode 1}',
    'who plays the captain in $at?',
    '$at is filmed in {Eastgate|the old harbour}, they say',
    'is $thing on before or after the news? $at',
  ],
  events: [
    { tag: 'saltwaterfinale', mood: 0.7 },
    { tag: 'savesaltwater', mood: -0.8 },
  ],
};

export const townTopics: readonly Topic[] = [coffee, metro, phone, football, series];
