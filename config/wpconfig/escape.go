package wpconfig

import "strconv"

// numericEscape reads the escapes \101, \x41 and \u{e9} without their
// backslash, and returns their text and how many bytes they take.
func numericEscape(src string) (string, int) {
	switch {
	case src[0] >= '0' && src[0] <= '7':
		n := digits(src, 3, 8)
		code, _ := strconv.ParseUint(src[:n], 8, 16)
		return string([]byte{byte(code)}), n
	case src[0] == 'x':
		n := digits(src[1:], 2, 16)
		if n == 0 {
			return "", 0
		}
		code, _ := strconv.ParseUint(src[1:1+n], 16, 8)
		return string([]byte{byte(code)}), 1 + n
	case len(src) > 2 && src[:2] == "u{":
		return unicodeEscape(src)
	}
	return "", 0
}

func unicodeEscape(src string) (string, int) {
	n := digits(src[2:], 8, 16)
	if n == 0 || 2+n >= len(src) || src[2+n] != '}' {
		return "", 0
	}
	code, _ := strconv.ParseUint(src[2:2+n], 16, 32)
	if code > 0x10ffff {
		return "", 0
	}
	return string(rune(code)), n + 3
}

// digits counts the digits of a base at the beginning of src, up to limit.
func digits(src string, limit, base int) int {
	n := 0
	for n < limit && n < len(src) {
		if _, err := strconv.ParseUint(src[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	return n
}
