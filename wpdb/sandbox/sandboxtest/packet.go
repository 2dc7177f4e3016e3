package sandboxtest

import (
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
)

// carried is a connection; once it is muted the client gets no more of it.
type carried struct {
	client, server net.Conn
	muted, dropped atomic.Bool   // dropped: nor does the server
	ended          chan struct{} // closed when the server has answered or was closed
}

func (c *carried) drop() {
	c.muted.Store(true)
	c.dropped.Store(true)
}

// carryAnswers carries what the server says, up to answers that are to be lost. A
// client sends nothing before it has the whole answer to its last statement, so what
// comes after muted was set is the next one's.
func (c *carried) carryAnswers() {
	defer close(c.ended)
	buffer := make([]byte, 1<<16)
	for {
		n, err := c.server.Read(buffer)
		if err != nil {
			if !c.muted.Load() {
				c.client.Close()
			}
			return
		}
		if c.muted.Load() {
			continue
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
