/** Shapes of secrets, like those of public scanners. Each starts with a fixed prefix, so that plain text is cheap. */
export const SECRET_SHAPES: readonly (readonly [kind: string, mark: RegExp, shape: RegExp])[] = [
  ['cloud access key', /AKIA|ASIA|ABIA|ACCA|AROA/, /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA)[A-Z2-7]{16}(?![A-Z0-9])/],
  ['private key', /PRIVATE KEY/, /-----BEGIN (?:[A-Z0-9 ]{0,20} )?PRIVATE KEY(?: BLOCK)?-----/],
  [
    'connection string',
    /:\/\/[^/\s@:]{1,100}:[^/\s@]{3,200}@/,
    /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|sqlserver|clickhouse|ftp|https?|smtp|ldaps?):\/\/[^\s:@/]{1,100}:[^\s@/]{3,200}@[^\s/@]+/i,
  ],
  [
    'connection string',
    /password=|pwd=|(?:account|sharedaccess)key=/i,
    /\b(?:server|data source|host|accountname|endpoint)=[^;]{1,200};(?:[^;]{1,200};){0,8}(?:password|pwd|accountkey|sharedaccesskey)=[^;\s]{6,}/i,
  ],
  [
    'code host token',
    /gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|ATBB/,
    /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}|gl(?:pat|dt|rt)-[\w-]{20,}|ATBB[A-Za-z0-9]{24,})/,
  ],
  [
    'chat token',
    /xox[abeoprs]-|xapp-|hooks\.slack|discord(?:app)?\.com\/api\/webhooks/,
    /\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|hooks\.slack\.com\/services\/T\w+\/B\w+\/\w+|discord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]+/,
  ],
  [
    'payment key',
    /[sr]k_(?:live|test)_|whsec_|sq0/,
    /\b(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}|sq0(?:atp|csp|idp)-[\w-]{22,})/,
  ],
  [
    'API key',
    /AIza|sk-|hf_|SG\.|npm_|pypi-|do[opr]_v1|shp(?:at|ca|pa|ss)_|key-|ya29\.|lin_api_|PMAK|dapi|nvapi-|gsk_|xai-|r8_/,
    /(?<![\w-])(?:AIza[\w-]{35}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}|do[opr]_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|key-[a-f0-9]{32}|ya29\.[\w-]{30,}|lin_api_\w{30,}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|dapi[a-f0-9]{32}|nvapi-[\w-]{40,}|gsk_\w{40,}|xai-\w{40,}|r8_\w{30,})/,
  ],
  ['signed token', /eyJ/, /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ['bot token', /:AA/, /\b\d{8,10}:AA[\w-]{32,}/],
  [
    'password in text',
    /pass|pwd|secret|token|api.?key/i,
    /(?<![\w-])(?:password|passwd|pwd|passphrase|api[ _-]?key|secret[ _-]?key|client[ _-]?secret|access[ _-]?token|auth[ _-]?token|secret)["']?\s*(?:[:=]|\bis\b)\s*["']?(?=[^\s"'<>]{0,60}[\d!@#$%^&*])[^\s"'<>]{8,200}/i,
  ],
];
