/** The word list of the lexicon scorer: English words of feeling, by how strong they are. Ours, not taken from elsewhere. */
const words: Readonly<Record<string, string>> = {
  '3': `adore adorable amazing awesome best beautiful blessed brilliant delighted ecstatic excellent fabulous fantastic
    gorgeous incredible love loved lovely loves loving magnificent marvelous masterpiece outstanding perfect perfection
    phenomenal stunning superb thrilled wonderful yay 😍 🥰 🎉 ❤ 💕 💖 🤩`,
  '2': `amused beloved bliss brave celebrate celebrating charming cheerful cheers congrats congratulations cool cute delicious
    delight enjoy enjoyed enjoying enjoys epic excited exciting fun funny generous glad glorious grateful great grin happily
    happiness happy heaven hilarious hooray impressed impressive inspiring joy joyful laugh laughed laughing lol lucky nice
    pleased pleasure proud recommend refreshing relaxing rocks smile smiled smiles smiling smooth splendid succeed success
    sunny sweet terrific thank thanks thankful thanx triumph victory welcome win winner winning won wow yummy xoxo haha
    hahaha :) :-) :d :-d =) ;) ;-) <3 😀 😁 😂 😃 😄 😊 😎 🙂 😘 👍 🙌 💪 ✨`,
  '1': `accept better bonus calm care cared clean clear comfort comfortable comfy confident easy eager fair fast favorite
    favourite fine fresh friendly gain gentle gift good handy healthy help helped helpful hope hopeful hopefully hug hugs
    improve improved improving interesting keen kind like liked likes neat ok okay peace peaceful please pretty promise
    quick ready relax relaxed relief relieved reliable safe shine smart solid support supportive treat useful warm
    well wish worth yeah yes`,
  '-1': `alone annoy avoid bland blame bored boring bother busy cold complain concern confused confusing costly crash crashed
    damn delay delayed doubt down drained dull expensive forgot forget hard headache hungry ill jealous lack late lazy
    leave leaving least lonely long lost mad meh mess messy miss missed misses missing nervous noise noisy odd old poor
    problem problems rain rainy sadly scared shame sick sigh silly slow sorry sore stuck tired trouble ugh unfair unsure
    weird worn worried worry wrong`,
  '-2': `afraid anger angry annoyed annoying anxious ashamed bad badly break broke broken bug cancelled cheat cried cry crying
    dead death depressed depressing die died dies disappoint disappointed disappointing disappointment dislike dread dumb
    error fail failed failing fails failure fear fight fired frustrated frustrating gross grumpy guilty hurt hurting hurts
    idiot ignored insult kill killed lame liar lie lied lies lose loser losing miserable nasty pain painful panic pathetic
    regret reject rejected rude ruin ruined sad sadness scam scary selfish shock stink stinks stolen stress stressed
    stressful struggle stupid suck sucked sucks suffer suffering tears terrified ugly unhappy upset useless waste wasted
    weak worse wreck :( :-( =( :'( ;( 😞 😔 😟 🙁 ☹ 😢 😕 😒 👎`,
  '-3': `abuse agony appalling atrocious awful betrayed catastrophe crap cruel despair despise devastated devastating disaster
    disgusted disgusting dreadful evil furious hate hated hateful hates hating heartbroken hell hideous horrible horrific
    horrendous nightmare outrage outrageous rage shit terrible toxic tragedy tragic vile worst wtf 😭 😡 😠 🤬 💔 🤮`,
};

/** Word, emoticon or emoji to its weight, −3 to 3. */
export const lexiconWeights: ReadonlyMap<string, number> = new Map(
  Object.entries(words).flatMap(([weight, list]) =>
    list.split(/\s+/).map((word): [string, number] => [word, Number(weight)]),
  ),
);

/** These turn the feeling of the words soon after them round. */
export const negations: ReadonlySet<string> = new Set(
  `not no never none nobody nothing neither nor without hardly barely cannot cant can't wont won't dont don't doesnt doesn't
    didnt didn't isnt isn't arent aren't wasnt wasn't werent weren't aint ain't couldnt couldn't wouldnt wouldn't shouldnt
    shouldn't havent haven't hasnt hasn't`.split(/\s+/),
);

/** These make the word after them stronger. */
export const boosters: ReadonlySet<string> = new Set(
  'very so really too absolutely totally extremely super such most completely damn freaking'.split(' '),
);
