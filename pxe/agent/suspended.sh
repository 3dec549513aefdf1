# shellcheck shell=dash
# BitLocker while protection is suspended: the key that seals the volume's key lies beside it, in the clear ("clear
# key"). cryptsetup opens no such volume, not even with a recovery password (2.8, bitlk.c: "clear key protection is not
# supported"), so the key is taken out here and the volume is mapped by dmsetup. Only AES-XTS, which is what Windows
# uses since version 1511.
#
# The keys pass through files in memory and standard input, never through a command line: BitLocker goes on using them
# when its protection is resumed.

# open_suspended N: maps the volume and sets its `device`.
open_suspended() {
    local path name=breakglass-$1 keys=$RUN/suspended status
    path=$(volume_get "$1" path)
    mkdir -p "$keys"
    map_suspended "$path" "$(volume_get "$1" bytes)" "$keys" "$(fve_copy "$1")" && dm_create "$name" <"$keys/table"
    status=$?
    for file in "$keys"/*; do
        wipe "$file"
    done
    [ "$status" -eq 0 ] || return 1
    blockdev --setro "/dev/mapper/$name"
    volume_set "$1" device "/dev/mapper/$name"
}

# map_suspended DEVICE BYTES FOLDER OFFSET: writes FOLDER/table, the device-mapper table of the plain volume. OFFSET is
# where an undamaged copy of the metadata is.
map_suspended() {
    local method
    # Sectors of 512 bytes (also written as 0): dm-crypt counts larger ones in another way.
    case $(first_sector "$1") in
    ??????????????????????0000* | ??????????????????????0002*) ;;
    *) return 1 ;;
    esac
    le_bytes "$1" "$4" 65536 | fve_sealed_keys >"$3/sealed" || return 1
    read_sealed method <"$3/sealed" >"$3/method"
    method=$(cat "$3/method")
    case $method in
    0480 | 0580) ;;
    *) return 1 ;;
    esac
    read_sealed clear <"$3/sealed" >"$3/clear"
    read_sealed vmk <"$3/sealed" >"$3/sealed-vmk"
    read_sealed fvek <"$3/sealed" >"$3/sealed-fvek"
    unseal "$3" clear sealed-vmk vmk 03200000 && unseal "$3" vmk sealed-fvek fvek "${method}0000" || return 1
    fve_offsets "$1" | plain_table "$1" "$2" "$(read_sealed backup <"$3/sealed")" "$3/fvek" >"$3/table"
}

# read_sealed WORD: the rest of standard input's line that begins with WORD.
read_sealed() {
    sed -n "s/^$1 //p"
}

# fve_sealed_keys: standard input is one metadata block in decimal bytes. Writes `method`, `clear KEY`, `vmk NONCE
# CIPHERTEXT` (the VMK sealed under the clear key), `fvek NONCE CIPHERTEXT` and `backup OFFSET LENGTH`.
fve_sealed_keys() {
    awk '
        function u16(at) { return b[at] + b[at + 1] * 256 }
        function u32(at) { return u16(at) + u16(at + 2) * 65536 }
        function hex(at, length_,    i, text) {
            for (i = 0; i < length_; i++) text = text sprintf("%02x", b[at + i])
            return text
        }
        function sealed(at) { return hex(at + 8, 12) " " hex(at + 36, u16(at) - 36) }
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            end = 64 + u32(64)
            if (u32(72) != 48 || end > n) exit 1
            print "method", hex(100, 2)
            # Where the first sectors are, if no entry says it: sectors at 28, offset at 56 of the block header.
            place = sprintf("%.0f %.0f", u32(56) + u32(60) * 4294967296, u32(28) * 512)
            for (at = 112; at + 8 <= end && u16(at) >= 8; at += u16(at)) {
                kind = u16(at + 2); value = u16(at + 4)
                if (kind == 3 && value == 5) print "fvek", sealed(at)
                if (kind == 15 && value == 15) place = sprintf("%.0f %.0f", u32(at + 8) + u32(at + 12) * 4294967296, u32(at + 16))
                if (kind != 2 || value != 8 || u16(at + 34) != 0) continue
                for (in_ = at + 36; in_ + 8 <= at + u16(at) && u16(in_) >= 8; in_ += u16(in_)) {
                    if (u16(in_ + 4) == 1) print "clear", hex(in_ + 12, u16(in_) - 12)
                    if (u16(in_ + 4) == 5) print "vmk", sealed(in_)
                }
            }
            print "backup", place
        }'
}

# unseal FOLDER UNDER SEALED RESULT USE: AES-256-CCM (RFC 3610, 12-byte nonce): the sealed text is XORed with AES of the
# counter blocks. Instead of the tag, the sealed text's own header is checked: its size, its version, and USE.
unseal() {
    local nonce sealed
    read -r nonce sealed <"$1/$3"
    is_hex "$nonce" 24 24 && is_hex "$sealed" 88 152 && is_hex "$(cat "$1/$2")" 64 64 || return 1
    counter_blocks "$nonce" $(((${#sealed} + 31) / 32)) >"$1/counters"
    aes_blocks "$1/$2" "$1/counters" "$1/stream" || return 1
    {
        printf '%s\n' "$sealed"
        od -An -v -tx1 "$1/stream" | tr -d ' \n'
    } | xor_hex >"$1/open"
    # Bytes 0 to 11: size, 0, version 1, any, use.
    case $(cat "$1/open") in
    ??000000"0100"????"$5"*) cut -c 25- <"$1/open" | tr -d '\n' >"$1/$4" ;;
    *) return 1 ;;
    esac
}

# counter_blocks NONCE COUNT: blocks 1 to COUNT, then zeros to the end of the sector.
counter_blocks() {
    local number=1
    {
        while [ "$number" -le "$2" ]; do
            printf '02%s%06x' "$1" "$number"
            number=$((number + 1))
        done
    } | sed 's/../\\x&/g' >"$RUN/counters-text"
    {
        printf '%b' "$(cat "$RUN/counters-text")"
        head -c $((512 - $2 * 16)) /dev/zero
    }
}

# aes_blocks KEY-FILE SECTOR-FILE RESULT: AES of every 16-byte block of one sector, done by dm-crypt in ECB mode: what
# is written to the mapping arrives encrypted in the file below it.
aes_blocks() {
    local loop status
    head -c 512 /dev/zero >"$3"
    modprobe -q loop
    loop=$(losetup -f) && losetup "$loop" "$3" || return 1
    {
        printf '0 1 crypt aes-ecb '
        tr -d '\n' <"$1"
        printf ' 0 %s 0\n' "$loop"
    } | dm_create breakglass-aes && dd if="$2" of=/dev/mapper/breakglass-aes bs=512 count=1 conv=notrunc,fsync 2>/dev/null
    status=$?
    dm_remove breakglass-aes
    sync
    losetup -d "$loop"
    return $status
}

# xor_hex: standard input is a line of hex and, after it, at least as much hex.
xor_hex() {
    awk '
        BEGIN { for (i = 0; i < 16; i++) digit[sprintf("%x", i)] = i }
        NR == 1 { sealed = $0 }
        NR == 2 {
            for (i = 1; i <= length(sealed); i++)
                printf "%x", xor(digit[substr(sealed, i, 1)], digit[substr($0, i, 1)])
        }'
}

# plain_table DEVICE BYTES "BACKUP-OFFSET BACKUP-LENGTH" KEY-FILE: standard input is the three metadata offsets. The
# volume's first sectors are kept in the backup; the backup and the metadata areas read as zeros, as Windows has it.
plain_table() {
    awk -v device="$1" -v total=$(($2 / 512)) -v backup="$3" -v keyfile="$4" '
        function crypt(start, count, from) {
            if (count > 0) printf "%d %d crypt aes-xts-plain64 %s %d %s %d\n", start, count, key, from, device, from
        }
        { area[++areas] = $1 / 512; size[areas] = 128 }
        END {
            getline key < keyfile
            split(backup, place, " ")
            at = place[1] / 512
            head = place[2] / 512
            if (areas != 3 || at < 1 || head < 1) exit 1
            area[++areas] = at; size[areas] = head
            crypt(0, head, at)
            done = head
            for (round = 1; round <= areas; round++) {
                next_ = 0
                for (i = 1; i <= areas; i++) if (area[i] >= done && (!next_ || area[i] < area[next_])) next_ = i
                if (!next_) exit 1
                crypt(done, area[next_] - done, done)
                printf "%d %d zero\n", area[next_], size[next_]
                done = area[next_] + size[next_]
            }
            if (done > total) exit 1
            crypt(done, total - done, done)
        }'
}
