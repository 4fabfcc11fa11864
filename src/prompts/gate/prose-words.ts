// Words that turn a proposal into its opposite, in the languages models are most used in. A list can never be complete:
// what it misses is left to the other checks, and what it finds wrongly costs one more question to the model.

const NEGATION = [
  // English
  "not|never|cannot|n['’]t|dont|doesnt|wont|cant|shouldnt|refuse[sd]?|declin(?:e[sd]?|ing)|reject(?:s|ed)?",
  "avoid|instead of|rather than|no|forbidden|prohibited|unsafe|nor|neither",
  "wrong|incorrect(?:ly)?|mistaken?(?:ly)?|malicious|suspicious|fraud(?:ulent)?|abort|cancel(?:led)?|unable",
  // German, Dutch, Swedish, Danish, Norwegian
  "nein|nee|nej|nei|nicht|kein(?:e[nmrs]?)?|niemals|nie|weigere|ablehnen|falsch|niet|geen|nooit|weiger|inte|aldrig|ikke|aldri",
  // French, Spanish, Italian, Portuguese
  "ne|pas|jamais|refuse|n['’](?:ex|en|y)\\w*|nunca|jamás|rechazo|non|mai|rifiuto|não|nao|recuso|errado|incorrecto",
  // Polish, Czech, Turkish, Finnish, Romanian, Hungarian, Indonesian
  "nie|nigdy|ne(?:budu|smím|jsem)|değil|asla|hayır|\\p{L}+m[ae]y[ae]c[ae][ğk]\\p{L}*|ei|älä|nu (?:voi|fac|pot)|niciodată|nem|soha|tidak|jangan|bukan",
  // Russian, Ukrainian, Greek
  "нет|не|никогда|нельзя|ні|ніколи|όχι|δεν|μην|ποτέ",
  // Hindi, Arabic, Persian, Hebrew, Vietnamese
  "नहीं|मत|لا|لن|ليس|نه|نباید|לא|אל|không|đừng",
] as const;

// Scripts without blanks between words: looked for anywhere.
const NEGATION_ANYWHERE =
  "[❌✖✗🚫⛔👎]|不|没有|沒有|别|別|勿|拒绝|拒絕|ません|ない|しないで|禁止|いいえ|않|아니|말아|마세요|지 마|못|ไม่|อย่า";

const NOT_PROPOSED = [
  String.raw`examples?|e\.g|for instance|hypothetical(?:ly)?|would (?:be|have|look)|could be|might be|suppose|imagine`,
  "draft(?:ed|s)?|attacker|injected|injection|quot(?:e|es|ed|ing)|phishing|sample|template|placeholder",
  "maybe|perhaps|possibly|alternative(?:ly)?|another option|(?:one )?option [a-d\\d]|one option|could also|todo",
  "vielleicht|möglicherweise|peut-être|quizás?|tal vez|forse|talvez|возможно|может быть|misschien|kanske|måske|kanskje|być może|belki",
  "bad (?:answer|idea|step|reply)|my first (?:idea|thought|attempt|guess)|first i thought|i (?:first|initially) (?:thought|wanted)",
  "zum beispiel|beispiel(?:sweise)?|entwurf|wäre|hätte|par exemple|exemple|brouillon|serait|por ejemplo|ejemplo|borrador",
  "sería|per esempio|esempio|por exemplo|exemplo|например|пример|bijvoorbeeld|voorbeeld|örnek|przykład",
] as const;
const NOT_PROPOSED_ANYWHERE =
  "例如|比如|例子|示例|たとえば|例えば|예를 들|예시|或许|也许|たぶん|かもしれ|아마";

const CORRECTION = [
  "actually|wait|hold on|on second thought|scratch that|correction|corrected|i mean|sorry|oops|my mistake|should (?:be|have)|ignore|disregard|forget|instead|revised?|undo|changed my mind|hmm+|just kidding|joking|only if|unless|but first|before (?:you|doing|running|executing)|pending|once (?:you|the|it)|after approval",
  "nvm|scrap|strike (?:that|this|it)|stop|hold|revert|skip|void|obsolete|superseded|outdated|false|(?:take|taking) (?:that|this|it) back|withdraw|rethink|reconsider|double-check|on reflection|too (?:high|low|much|little|many|few|late|early)|make (?:it|that)|edit|typo|update|rather|opposite|reverse|dry[- ]?run|simulat(?:ed?|ion)|illustrat(?:ion|ive)|(?:only|just) a test|test only|not? yet",
  "first,? (?:i|we|let)|(?:check|verify|confirm|look|ask|search)[^.!?\\n]{0,40} first|doch|anders|sondern|korrigier\\w*",
  "stattdessen|moment|warte|korrektur|ignorier(?:e|en)?|eigentlich|plutôt|attendez|ignorez|pardon|en realidad|espera|ignora|perdón|aspetta|invece|na verdade|desculpe|подожди|вместо|извини",
] as const;
const CORRECTION_ANYWHERE = "等等|等一下|其实|其實|更正|忽略|抱歉|待って|やっぱり|訂正|잠깐|아니다|사실은";

interface Words {
  test(text: string): boolean;
}

/**
 * Letters may not continue the word on either side. `n't` ends one. Compiled at first use: a process that starts to ask
 * for one step need not wait for it.
 */
function words(list: readonly string[], anywhere: string): Words {
  let compiled: RegExp | undefined;
  return {
    test(text) {
      compiled ??= new RegExp(
        String.raw`(?:(?<![\p{L}\p{N}_])|(?<=\p{L})(?=n['’]t))(?:${list.join("|")})(?![\p{L}\p{N}_])|${anywhere}`,
        "iu",
      );
      return compiled.test(text);
    },
  };
}

export const NEGATION_WORDS = words(NEGATION, NEGATION_ANYWHERE);
export const NOT_PROPOSED_WORDS = words(NOT_PROPOSED, NOT_PROPOSED_ANYWHERE);
export const CORRECTION_WORDS = words(CORRECTION, CORRECTION_ANYWHERE);

/** A refusal in the first person or an order not to act: it counts wherever it stands before the JSON. */
export const REFUSAL_WORDS =
  /\bI(?:['’](?:m|ll|d))? (?:(?:will|can|must|shall|should|am|would) )?(?:not|never|refuse|decline|cannot|can['’]t|won['’]t)\b(?! (?:sure|certain|know|find|see|tell|locate|compute|calculate|determine))|\b(?:do not|don['’]t|must not|mustn['’]t|never|should not|shouldn['’]t|may not|cannot|can['’]t) (?:be )?(?:run|execut|perform|appl|send|sent|used?\b|act|done?\b|carr|approv|process)/i;

/** Somebody has to agree first. */
export const CONDITION_WORDS =
  /\b(?:if|unless|until|once|when|after|before|assuming|provided|subject to|pending|awaiting)\b[^.!?\n]{0,60}\b(?:approv|confirm|agree|permission|permit|sign-?off|manager)|\b(?:needs?|requires?|awaits?|wait(?:ing)? for|ask(?:ing)?)\b[^.!?\n]{0,40}\b(?:approv|confirm|permission|manager|review|sign-?off)|\blet me know (?:if|whether) (?:i|we|this|that|it)\b|\b(?:please|to) confirm\b/i;

/** Right before the JSON: somebody else's words follow. */
export const QUOTING_WORDS =
  /\b(?:said|says?|wrote|writes?|asked|asks|wanted|wants|contains?|contained|reads?|requested|requests|sent|(?:asks?|asked|told|tells|wants?|tricks?) (?:me|us|you) to(?: \w+){0,3})(?: (?:this|for|the following))?\s*[:：]?\s*["'`“]*$/i;

/** Whether to do it is a question. Before the JSON a question may be the model's own way to begin ("What next?"). */
export const ASKING_BEFORE =
  /\b(?:should|shall|may|can|could|would you|do you want|is it ok|okay to|ok to)\b[^.!?\n]*[?？؟]/i;
export const ASKING_AFTER = /[?？؟](?=[\s"'”’)*_]|$)/u;

/** Right before the JSON: what it was before, or what somebody or something else said. */
export const HISTORY_WORDS =
  /\b(?:previously|already|earlier|last (?:step|call|time|turn)|(?:tool|call|function|api|server|database) (?:returned|answered|responded|gave)|(?:i|we) (?:ran|did|sent|called|executed|proposed|tried)|(?:result|output) of the (?:previous|last|first)|zuvor|vorhin|bereits|auparavant|déjà|anteriormente)\b/i;
/** Unless it leads on from there. */
export const ONWARD_WORDS = /\b(?:next|now|then|therefore|so|nun|jetzt|maintenant|ahora)\b/i;

/** Right before the JSON: where it was found. */
export const SOURCE_WORDS =
  /\b(?:in|from|of|on|by) (?:the|this|that|an?|his|her|their|my|your) (?:[\w'’-]+ ){0,2}(?:e-?mails?|mails?|inbox|documents?|files?|pages?|sites?|website|logs?|attachments?|messages?|tickets?|comments?|chat|requests?|contents?|transcript|customer|user|sender|attacker)\b/i;

/** In a label of a few words before the JSON: it announces an answer. What no such word announces may be anything. */
export const ANNOUNCING_WORDS =
  /next|steps?(?!\w)|answer|output|result|response|reply|json|action|final|call|tool|decision|solution|follow|here|this|choos|chose|proceed|will|['’]ll|schritt|antwort|ergebnis|ausgabe|nächst|hier|étape|réponse|résultat|voici|suivant|paso|respuesta|resultado|siguiente|aquí|passo|risposta|risultato|resposta|próximo|ecco|aqui|stap|antwoord|steg|svar|trin|krok|odpowied|wynik|шаг|ответ|результат|следующ|вот|adım|cevap|sonuç|步|答|结果|結果|输出|輸出|如下|出力|ステップ|次|단계|답|결과|다음|خطوة|إجابة|الجواب|चरण|उत्तर|bước|câu trả lời|langkah|jawaban/iu;

/** A label of what is no answer, as in a transcript. */
export const OTHERS_LABEL =
  /^[\s>*_#-]*(?:user|human|customer|client|system|observation|(?:tool|function) (?:result|response|output)|input|old|before|previous|history|question|prompt|e-?mail|mail|kunde|nutzer|benutzer|utilisateur|usuario|cliente|用户|ユーザー|사용자|пользователь)[*_]*\s*[:：]\s*["'`*_]*$/iu;
export const ERROR_LABEL = /^[\s>*_#-]*(?:error|exception|warning|traceback)\b/im;

/** In a comment inside JSON: another value than the one beside it, or a choice. */
export const COMMENTED_VALUE = /[\d"'`{}[\]?]|\b(?:true|false|null)\b/;
export const COMMENTED_CHOICE =
  /(?<![\p{L}])(?:or|either|oder|ou|o|или|或)(?![\p{L}])|todo|fixme|placeholder|dummy/iu;
