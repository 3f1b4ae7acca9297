/** A message header that starts inside another value. */
export const INJECTED_HEADER = /[\r\n]\s*(?:bcc|cc|to|reply-to|from|subject|content-type)\s*:/i;

/** Markdown, HTML and formulas that fetch a URL as soon as the text is shown. */
export const MARKUP_LOAD =
  /!\[[^\]]{0,80}\][([]|<(?:img|image|iframe|frame|link|script|source|track|video|audio|object|embed|input|form|base|body|meta|use)\b|<a\b[^<>]{0,300}\sping\s{0,9}=|@import|url\(|\b(?:IMPORT(?:XML|DATA|HTML|FEED|RANGE)|WEBSERVICE)\(/i;

/** Markup that runs when it is shown. */
export const ACTIVE_MARKUP =
  /<svg\b[^>]{0,200}\son[a-z]{3,20}\s*=|\son(?:error|load|focus|toggle|begin|mouseover)\s*=\s*["']?[^"'>]{0,200}(?:fetch|document|eval|alert|location|XMLHttp|import)\b/i;

/** Types of data: URLs whose content may run. */
export const ACTIVE_DATA =
  /^data:(?:text\/(?:html|xml|javascript)|image\/svg|application\/(?:xhtml|xml|javascript|x-)|[;,])/i;

/** Text that speaks to a model instead of to a person: orders to forget orders, false roles, secrecy towards the user. */
export const MARKERS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|system)\b.{0,30}\b(?:instructions?|prompts?|rules|directions|guidelines|messages?|context|restrictions)\b/i,
  /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|tool_call|function_call|tool_response)>/i,
  /^[^\S\r\n\u2028\u2029]*(?:#{1,4}[^\S\r\n\u2028\u2029]*)?(?:system|assistant|developer)\s{0,20}(?:(?:message|prompt|note|override)\s{0,20})?:\s{0,200}\S/im,
  /\b(?:you are|you're|act as|pretend to be|roleplay as)\b.{0,40}\b(?:an? (?:AI|assistant|language model|LLM|chatbot|agent)|in developer mode|DAN|unrestricted|jailbroken)\b/i,
  /\b(?:AI|language) (?:model|assistant|agent)\b.{0,400}\b(?:you (?:must|need to|have to|should)|please (?:do|send|call|use|perform|execute)|instructions?)\b/is,
  /\b(?:do not|don't|never|without)\b.{0,20}\b(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|alert(?:ing)?|notify(?:ing)?|reveal(?:ing)?)\b.{0,30}\b(?:the )?(?:user|human|operator|owner)\b/i,
  /\b(?:before|instead of|prior to)\b.{0,30}\b(?:you|your)\b.{0,60}\b(?:task|request|question|answer)\b.{0,160}\b(?:please|must|first|need to|have to|do the following)\b/is,
  /\b(?:reveal|print|repeat|output|show|leak)\b.{0,30}\b(?:system prompt|hidden prompt|initial instructions|your instructions)\b/i,
  /\bnew (?:instructions?|task|objective|directive)s?\s*:/i,
];

/** A word of every marker, or letters that may hide one: without, no marker is tried. */
export const MARKED =
  /ignor|disreg|forget|overrid|bypass|<\||\[\/?inst|<<|<\/?(?:tool|func)|system|assistant|developer|you.re |you are|act as|pretend|roleplay|\bai\b|language|do not|don.t|never|without|before|instead|prior|reveal|print|repeat|output|show|leak|new |[^\x00-\x7f]/i;
