// Labels and headings as programs and people write them, in lower case, without spaces, dashes and underscores. They only
// help: a key protector ID is told by being a GUID and a recovery password by its digits, whatever the language.

/** Headings and labels of a key protector's ID. */
export const ID_WORDS: ReadonlySet<string> = new Set([
  ...["keyprotectorid", "protectorid", "keyid", "recoverykeyid", "recoverypasswordid", "passwordid", "bitlockerkeyid"],
  ...[
    "bitlockerrecoverykeyid",
    "bitlockerid",
    "recoveryid",
    "identifier",
    "recoveryguid",
    "msfverecoveryguid",
    "keyguid",
  ],
  ...[
    "schlüsselid",
    "schlusselid",
    "kennwortid",
    "wiederherstellungsschlüsselid",
    "schlüsselschutzvorrichtungsid",
    "bezeichner",
  ],
  ...["iddeclé", "identifiantdeclé", "identificateurdeclé", "idclé", "identifiant", "iddeclave", "identificador"],
  ...["idchiave", "identificatore", "idklucza", "identyfikator", "identyfikatorklucza", "sleutelid", "iddachave"],
  ...["キーid", "回復キーid", "識別子", "密钥id", "恢复密钥id", "idключа", "идентификатор", "идентификаторключа"],
]);

/** Headings and labels of a recovery password. */
export const PASSWORD_WORDS: ReadonlySet<string> = new Set([
  ...["recoverypassword", "recoverykey", "bitlockerrecoverykey", "bitlockerrecoverypassword", "bitlockerkey"],
  ...["msfverecoverypassword", "numericalpassword", "recovery", "48digitkey", "recoverykeyvalue", "keyvalue"],
  ...["wiederherstellungsschlüssel", "wiederherstellungskennwort", "bitlockerwiederherstellungsschlüssel", "kennwort"],
  ...["numerischeskennwort", "cléderécupération", "motdepassederécupération", "motdepassenumérique"],
  ...[
    "clavederecuperación",
    "contraseñaderecuperación",
    "contraseñanumérica",
    "chiavediripristino",
    "passwordnumerica",
  ],
  ...["passworddiripristino", "kluczodzyskiwania", "hasłoodzyskiwania", "hasłonumeryczne", "herstelsleutel"],
  ...["herstelwachtwoord", "chavederecuperação", "senhaderecuperação", "senhanumérica"],
  ...[
    "回復キー",
    "回復パスワード",
    "数字パスワード",
    "恢复密钥",
    "恢复密码",
    "ключвосстановления",
    "парольвосстановления",
  ],
]);

/** Headings and labels of a device's name. */
export const DEVICE_WORDS: ReadonlySet<string> = new Set([
  ...[
    "hostname",
    "host",
    "devicename",
    "device",
    "computername",
    "computer",
    "pscomputername",
    "machinename",
    "machine",
  ],
  ...["pcname", "pc", "systemname", "servername", "server", "workstation", "netbiosname", "dnshostname", "fqdn"],
  ...["nameofcomputer", "nameofdevice", "endpointname", "assetname"],
  ...["gerätename", "gerät", "geraetename", "rechnername", "rechner", "computernamen"],
  ...[
    "nomdelordinateur",
    "nomdel'ordinateur",
    "nomd'ordinateur",
    "nomdordinateur",
    "nomdupériphérique",
    "nomdel’ordinateur",
  ],
  ...["nomdel'appareil", "nomdel’appareil", "ordinateur"],
  ...["nombredelequipo", "nombredeequipo", "nombredelequipo", "nombredeldispositivo", "nombredehost", "equipo"],
  ...["nombredelequipo", "nomecomputer", "nomedelcomputer", "nomedispositivo", "nomedocomputador", "nomedodispositivo"],
  ...["nazwakomputera", "nazwaurządzenia", "komputer", "computernaam", "apparaatnaam", "datornamn", "enhetsnamn"],
  ...["computernavn", "enhedsnavn", "tietokoneennimi", "názevpočítače", "számítógépneve", "bilgisayaradı"],
  ...[
    "コンピューター名",
    "コンピュータ名",
    "デバイス名",
    "ホスト名",
    "计算机名",
    "设备名称",
    "电脑名",
    "컴퓨터이름",
    "имякомпьютера",
  ],
]);

/** IDs that stand beside a key protector's and are none: of objects, volumes, runs, devices, people. */
const OTHER_IDS =
  /^(objectguid|objectid|objectsid|runspaceid|volumeguid|volumeid|msfvevolumeguid|thumbprint|keycertificatethumbprint|deviceid|azureaddeviceid|aaddeviceid|entradeviceid|intunedeviceid|manageddeviceid|tenantid|correlationid|requestid|userid|uuid|smbiosguid|smbiosuuid|machineid|machineguid|hardwareid|resourceid|sid|clientid|sessionid|serialnumber|drivelabel|partitionguid|diskguid|externalkeyfilename|keyfilename|guid)$/;

export function isOtherId(label: string | null): boolean {
  return label !== null && OTHER_IDS.test(label);
}

/** A label as the sets above have it. */
export function word(label: string): string {
  return label
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "")
    .replace(/^["']|["']$/g, "");
}
