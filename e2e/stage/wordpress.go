package stage

// wordPressFiles is where Debian's package has WordPress.
const wordPressFiles = "/usr/share/wordpress"
