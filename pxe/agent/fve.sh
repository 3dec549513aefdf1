# shellcheck shell=dash
# BitLocker's metadata (docs: libbde, "BitLocker Drive Encryption (BDE) format"): read here, because cryptsetup's dump
# is text for people and it opens no volume that is being encrypted or is suspended.

# le_bytes DEVICE OFFSET LENGTH: the bytes as decimal numbers; offset and length are multiples of 512.
le_bytes() {
    dd if="$1" bs=512 skip=$(($2 / 512)) count=$(($3 / 512)) 2>/dev/null | od -An -v -tu1
}

# fve_read DEVICE FILE: writes `state CURRENT NEXT`, `protector GUID TYPE`, `use WORD`, `layout WORD` and `copy OFFSET`
# lines from the first of the three copies of the metadata that is undamaged, and where it is. Fails if all are damaged, or if no
# BitLocker since Windows 7 wrote the volume.
fve_read() {
    local offset layout
    layout=$(fve_layout "$1") || return 1
    for offset in $(fve_offsets "$1"); do
        [ $((offset % 512)) -eq 0 ] || continue
        le_bytes "$1" "$offset" 65536 | fve_parse >"$2" && fve_whole "$1" "$offset" || continue
        printf 'layout %s\ncopy %s\n' "$layout" "$offset" >>"$2"
        return
    done
    return 1
}

# fve_layout DEVICE: prints normal, encrypt-on-write or unknown. Fails for Windows Vista's volumes (jump eb 52) and for
# sectors of neither 512 (also written as 0) nor 4096 bytes.
fve_layout() {
    local sector
    sector=$(first_sector "$1")
    [ "${#sector}" -eq 1024 ] || return 1
    case $sector in
    eb52*) return 1 ;;
    ??????????????????????0000* | ??????????????????????0002* | ??????????????????????0010*) ;;
    *) return 1 ;;
    esac
    case $(printf '%s' "$sector" | cut -c 321-352) in
    3bd66749292ed84a8399f6a339e3d001) printf normal ;;
    3b4da89280dd0e4d9e4eb1e3284eaed8) printf encrypt-on-write ;;
    *) printf unknown ;;
    esac
}

# fve_whole DEVICE OFFSET: does the CRC-32 behind the metadata block hold? gzip computes the same CRC-32, and writes it
# into the first 4 of the last 8 bytes of what it packs.
fve_whole() {
    local units
    units=$(od -An -v -tu2 -j $(($2 + 8)) -N 2 "$1" | tr -d ' ')
    [ "${units:-0}" -ge 7 ] && [ "$units" -le 4096 ] || return 1
    [ "$(dd if="$1" bs=16 skip=$(($2 / 16)) count="$units" 2>/dev/null | gzip | tail -c 8 | head -c 4 | od -An -v -tx1)" = \
        "$(od -An -v -tx1 -j $(($2 + units * 16 + 4)) -N 4 "$1")" ]
}

# fve_offsets DEVICE: where the three copies of the metadata are.
fve_offsets() {
    le_bytes "$1" 0 512 | awk '
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            for (copy = 0; copy < 3; copy++) {
                offset = 0
                for (i = 7; i >= 0; i--) offset = offset * 256 + b[176 + copy * 8 + i]
                if (offset > 0 && offset < 4503599627370496) printf "%.0f\n", offset
            }
        }'
}

# fve_parse: standard input is one metadata block in decimal bytes. `use`: only a volume that Windows starts from has a
# TPM protector. Otherwise the description tells: Windows writes computer, drive letter and date into it, and a running
# Windows has the letter C.
fve_parse() {
    awk '
        function u16(at) { return b[at] + b[at + 1] * 256 }
        function u32(at) { return u16(at) + u16(at + 2) * 65536 }
        function guid(at,    order, i, text) {
            split("3 2 1 0 - 5 4 - 7 6 - 8 9 - 10 11 12 13 14 15", order, " ")
            for (i = 1; i in order; i++) text = text (order[i] == "-" ? "-" : sprintf("%02X", b[at + order[i]]))
            return text
        }
        function letter(at, size,    i, text, words, count, found) {
            for (i = 8; i + 1 < size; i += 2) text = text (b[at + i + 1] == 0 && b[at + i] > 32 && b[at + i] < 127 ? \
                sprintf("%c", b[at + i]) : " ")
            count = split(text, words, " ")
            for (i = 1; i <= count; i++) if (words[i] ~ /^[A-Za-z]:$/) found = toupper(substr(words[i], 1, 1))
            return found
        }
        BEGIN {
            type[0] = "clear-key"; type[256] = "tpm"; type[512] = "startup-key"; type[1280] = "tpm-pin"
            type[2048] = "recovery-password"; type[8192] = "password"
        }
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            split("45 70 86 69 45 70 83 45", signature, " ")
            for (i = 1; i <= 8; i++) if (b[i - 1] != signature[i]) exit 1
            end = 64 + u32(64)
            if (u16(10) != 2 || u32(72) != 48 || end > n) exit 1
            print "state", u16(12), u16(14)
            for (at = 112; at + 8 <= end; at += size) {
                size = u16(at)
                if (size == 0) break
                if (size < 8 || at + size > end) exit 1
                if (u16(at + 2) == 2) {
                    if (size < 36) exit 1
                    kind = u16(at + 34)
                    print "protector", guid(at + 8), (kind in type ? type[kind] : "other")
                    if (int(kind / 256) % 2) tpm = 1
                }
                if (u16(at + 2) == 7 && u16(at + 4) == 2) drive = letter(at, size)
                if (u16(at + 2) == 15 && u16(at + 4) == 15) header = 1
            }
            if (!header) print "headerless"
            print "use", (tpm || drive == "C" ? "windows" : (drive ? "data" : "unknown"))
        }'
}

# fve_state FILE: the volume state of the protocol. 4 is encrypted, 1 decrypted, 2, 3 and 5 are on the way (dislocker,
# metadata.h); cryptsetup opens a volume only if both the present and the next state are 4, and only in the normal
# layout.
fve_state() {
    case $(grep '^layout ' "$1") in
    'layout normal') ;;
    'layout encrypt-on-write') printf encrypting && return ;;
    *) printf unsupported && return ;;
    esac
    case $(grep '^state ' "$1") in
    'state 4 4')
        if grep -q ' clear-key$' "$1"; then printf suspended
        # cryptsetup asks nothing but entry 0x000f where the first sectors are, and finds no file system without it.
        elif grep -q '^headerless$' "$1"; then printf unsupported
        else printf encrypted; fi
        ;;
    'state '[1235]' 4') printf encrypting ;;
    'state '[2345]' 1') printf decrypting ;;
    *) printf unsupported ;;
    esac
}
