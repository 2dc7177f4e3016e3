package wpconfig

import "strings"

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNameStart is PHP's rule: a letter, an underscore or any byte of a character
// beyond ASCII.
func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isNameByte(c byte) bool { return isNameStart(c) || isDigit(c) }

func nameLength(src string) int {
	n := 0
	for n < len(src) && isNameByte(src[n]) {
		n++
	}
	return n
}

// numberLength takes in every notation of a number, also those with a point or
// an exponent; which of them has a value is the parser's business.
func numberLength(src string) int {
	n := 0
	for n < len(src) && (isNameByte(src[n]) || src[n] == '.' && n+1 < len(src) && isDigit(src[n+1])) {
		n++
	}
	return n
}

// operatorLength takes the longest operator, as PHP does.
func operatorLength(src string) int {
	const operators = " === !== <=> **= ... <<= >>= ??= ?->" +
		" == != <> <= >= && || ?? .= += -= *= /= %= &= |= ^= -> => :: ++ -- << >> ** "
	for n := min(3, len(src)); n > 1; n-- {
		if strings.Contains(operators, " "+src[:n]+" ") {
			return n
		}
	}
	return 1
}
