package sandboxtest

import (
	"encoding/binary"
	"io"
)

// carryAnswers carries what the server says, up to an answer that is to be lost. A
// client sends nothing before it has the whole answer to its last statement, so what
// comes after muted was set is the next one's.
func (c *carried) carryAnswers() {
	defer close(c.ended)
	buffer := make([]byte, 1<<16)
	for {
		n, err := c.server.Read(buffer)
		if c.muted.Load() {
			return
		}
		if err != nil {
			c.client.Close()
			return
		}
		if _, err := c.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// readPacket reads a packet of the protocol with its header of four bytes.
func readPacket(r io.Reader) ([]byte, error) {
	packet := make([]byte, 4)
	if _, err := io.ReadFull(r, packet); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(packet) & 0xffffff
	packet = append(packet, make([]byte, length)...)
	_, err := io.ReadFull(r, packet[4:])
	return packet, err
}

// statementOf is the text of a packet that is COM_QUERY, PREPARE or EXECUTE
// where a statement is prepared or carried out, else "".
func statementOf(packet []byte) string {
	if len(packet) < 5 {
		return ""
	}
	switch packet[4] {
	case 0x03:
		return string(packet[5:])
	case 0x16:
		return "PREPARE"
	case 0x17:
		return "EXECUTE"
	}
	return ""
}
