import { PromptLabel, type PromptLabelValue } from '../../../lib/contract/prompt-labels';

/**
 * What each label is known by. Every repetition is bounded, and nothing that repeats holds a repetition without a
 * bound: a place of the text costs at most a constant, whatever the text.
 *
 * They look for the shape of an attack and not for a language: a query, a component or a template of every day is none.
 */
export const LABEL_PATTERNS: Readonly<Record<PromptLabelValue, readonly RegExp[]>> = {
  [PromptLabel.MARKUP]: [
    // An event handler in a tag; `{` after it is a component's property.
    /<[a-z][^<>]{0,512}[\s"'/]on[a-z]{3,20}\s{0,4}=\s{0,4}[^\s{=]/i,
    /<(?:iframe|frame|object|embed|applet)\s[^<>]{0,256}\b(?:src|data|code)\s{0,4}=/i,
    /<meta\s[^<>]{0,128}http-equiv\s{0,4}=\s{0,4}["']?refresh/i,
    /<base\s[^<>]{0,64}href\s{0,4}=/i,
  ],
  [PromptLabel.SCRIPT]: [
    // An element that has an attribute, an end or a call; a usage line's `<script>` is a placeholder.
    /(?<![\w$])<script(?:\s{1,8}[a-z:-]{1,24}\s{0,4}[=>]|\s{0,8}\/|>\s{0,8}[\w$.]{1,64}\s{0,4}[(=])/i,
    /<\/script\s{0,8}>/i,
    /\b(?:href|src|action|data)\s{0,4}=\s{0,4}["']?\s{0,4}(?:javascript|vbscript):/i,
    /\bsrcdoc\s{0,4}=\s{0,4}["'][^"']{0,8}</i,
    /data:text\/html[;,]/i,
  ],
  [PromptLabel.SQL]: [
    // A tautology after a closing quote, and the number that equals itself.
    /['"][\s)]{0,8}(?:or|and|\|\||&&)[\s(]{0,8}(?:(\d{1,9})\s{0,4}=\s{0,4}\1\b|(['"])([^'"\n]{0,16})\2\s{0,4}(?:=|like)\s{0,4}\2\3)/i,
    /\bor\s{1,8}(\d{1,9})\s{0,4}=\s{0,4}\1\b/i,
    /\bunion\s{1,8}(?:all\s{1,8})?select\s{1,8}[^;\n]{0,120}?(?:information_schema\b|@@version|null\s{0,4},\s{0,4}null|--\s|--$|#)/im,
    /['")][^\S\n]{0,8};[^\S\n]{0,8}(?:(?:drop|truncate|alter)\s{1,8}(?:table|database|schema|view|user|login|role)|shutdown\s{0,8}(?:--|;|with)|exec\s{1,8}(?:xp_|sp_|master)|delete\s{1,8}from|insert\s{1,8}into|update\s{1,8}\w{1,64}\s{1,8}set\b)/i,
    /['"\d)]\s{1,8}(?:and|or)\s{1,8}(?:if\s{0,4}\(|\(?\s{0,4}select\s)?[^;\n]{0,32}?(?:pg_sleep|sleep|benchmark)\s{0,4}\(\s{0,4}\d/i,
    /\bwaitfor\s{1,8}delay\s{1,8}['"]/i,
    /\w'--(?:\s|$)/m,
    /\bxp_cmdshell\b/i,
  ],
  [PromptLabel.TEMPLATE_INJECTION]: [
    /\$\{\s{0,4}jndi\s{0,4}:/i,
    /\$\{\s{0,4}(?:lower|upper)\s{0,4}:[^{}\n]{0,8}\}/i,
    // The probes that show whether anything is evaluated.
    /(?:\{\{|<%=)\s{0,4}\d{1,6}\s{0,4}\*\s{0,4}['"]?\d{1,6}['"]?\s{0,4}(?:\}\}|%>)/,
    /[$#*@][{(]\s{0,4}7\s{0,4}\*\s{0,4}['"]?7['"]?\s{0,4}[})]/,
    // The way from any object to those that run commands.
    /__class__\s{0,4}\.\s{0,4}__(?:mro|bases?)__\s{0,4}[.[]/,
    /__subclasses__\(\)\s{0,4}\[/,
    /__globals__\s{0,4}(?:\[|\.)/,
    /\{\{\s{0,4}(?:config|self|request|cycler|joiner|namespace|lipsum|url_for)\s{0,4}[.[|][^{}\n]{0,120}?(?:__|items\(|environ|popen)/,
    /\bconstructor\s{0,4}\.\s{0,4}constructor\s{0,4}\(/,
    /\bT\s{0,4}\(\s{0,4}java\.lang\.(?:Runtime|ProcessBuilder|System)\b/,
    /freemarker\.template\.utility\.Execute/,
  ],
  [PromptLabel.PROMPT_INJECTION]: [
    /\b(?:ignore|disregard|forget|override|bypass)\s{1,8}(?:(?:all|any|everything|the|of|your|these|those|every|its)\s{1,8}){0,4}(?:previous|prior|above|earlier|preceding|foregoing|initial|original|system)\s{1,8}(?:\w{1,24}\s{1,8}){0,2}(?:instruction|prompt|rule|direction|guideline|directive)s?\b/i,
    /\b(?:ignore|disregard|forget)\s{1,8}(?:all|everything|anything)\s{1,8}(?:that\s{1,8}(?:was|is)\s{1,8})?(?:above|before\s{1,8}this|(?:you|i|we)\s{1,8}(?:were|was|have\s{1,8}been)\s{1,8}told)\b/i,
    /\b(?:reveal|show|print|repeat|output|tell|leak|display|give)\s{1,8}(?:me\s{1,8}|us\s{1,8}|out\s{1,8}){0,2}(?:your|the)\s{1,8}(?:full\s{1,8}|entire\s{1,8}|exact\s{1,8}){0,2}(?:system|hidden|initial|original|secret)\s{1,8}(?:prompt|instruction|message)s?\b/i,
    /\byou\s{1,8}are\s{1,8}now\s{1,8}(?:DAN\b|jailbroken|in\s{1,8}developer\s{1,8}mode|(?:an?\s{1,8})?(?:unrestricted|unfiltered|uncensored))/i,
    /\bdo\s{1,8}anything\s{1,8}now\b/i,
    /\bpretend\s{1,8}(?:that\s{1,8})?you\s{1,8}have\s{1,8}no\s{1,8}(?:restriction|rule|guideline|filter|limit)/i,
    // Frames of chats, which only a client library writes.
    /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>/,
    /\[\/?INST\]|<<\/?SYS>>/,
    // The same words in other languages.
    /ignorier(?:e|en|t)?\s{1,8}(?:sie\s{1,8})?(?:alle\s{1,8})?(?:die\s{1,8}|deine\s{1,8}|ihre\s{1,8})?(?:vorherigen|bisherigen|obigen)\s{1,8}(?:anweisungen|befehle|regeln)/i,
    /\bignor(?:a|e|en)\s{1,8}(?:todas\s{1,8})?(?:las|tus|sus)\s{1,8}instrucciones\s{1,8}(?:anteriores|previas)/i,
    /\b(?:ignore|ignorez|oublie|oubliez)\s{1,8}(?:toutes\s{1,8})?(?:les|tes|vos)\s{1,8}instructions\s{1,8}précédentes/i,
    /(?:이전|위|앞선|지금까지)(?:의)?\s{0,4}(?:모든\s{0,4})?(?:지시|명령|지침|프롬프트)(?:사항)?(?:을|를|은|는)?\s{0,4}(?:모두\s{0,4}|전부\s{0,4})?(?:무시|잊어)/,
    /忽略(?:之前|以上|先前|前面|上述)(?:的)?(?:所有|全部)?(?:指令|提示|说明|指示)/,
    /(?:以前|これまで|上記|上)の(?:すべての)?(?:指示|命令|プロンプト)(?:を|は)(?:すべて)?(?:無視|忘れ)/,
  ],
  // Marks of direction (U+200E, U+200F, U+061C) are left out: Hebrew and Arabic need them, and they move nothing far.
  [PromptLabel.BIDI]: [/[\u202a-\u202e\u2066-\u2069]/],
  [PromptLabel.INVISIBLE]: [
    // Tag characters that are no part of a flag, which is a black flag and a region of at most six.
    /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,7})[\u{e0000}-\u{e007f}]/u,
    // One supplementary selector after an ideograph is a variant of it; two are data.
    /[\u{e0100}-\u{e01ef}]{2}/u,
    /[\ufe00-\ufe0f]{3}/,
    // Between letters of scripts without spaces it is a place to break a line; between Latin ones it hides a word.
    /[a-z0-9][\u200b\u2060-\u2064\ufeff]{1,8}[a-z0-9]/i,
    /[\u200b-\u200d\u2060-\u2064\ufeff]{4}/,
  ],
};
