package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileLayer is what the YAML file sets: one mapping of names to single values. A list
// counts as its members, joined by commas.
func (l *loader) fileLayer(file value) layer {
	text, err := os.ReadFile(file.text)
	if err != nil {
		l.lost = true
		l.problem(file.where, "%s cannot be read: %v", fileName(file), plainCause(err))
		return nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		l.lost = true
		l.problem(file.text+yamlLine(err), "this is not YAML; a value with special characters needs quotation marks")
		return nil
	}
	if len(document.Content) == 0 { // an empty file sets nothing
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		l.lost = true
		l.problem(file.text, "expected `name: value` lines")
		return nil
	}
	set := layer{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		l.fileEntry(set, file.text, root.Content[i], root.Content[i+1])
	}
	return set
}

// fileName names the file in a sentence.
func fileName(file value) string {
	if path := file.path(); path != file.where {
		return "the file " + path
	}
	return "the file"
}

// yamlLine is ":" and the line of a parser's error, if it has one. The rest of its text
// may quote that line.
func yamlLine(err error) string {
	if line := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); line != nil {
		return ":" + line[1]
	}
	return ""
}

// fileEntry adds one line of the file to set.
func (l *loader) fileEntry(set layer, path string, key, content *yaml.Node) {
	where := fmt.Sprintf("%s:%d", path, key.Line)
	text, err := scalar(content)
	switch _, repeated := set[key.Value]; {
	case !known(key.Value) || key.Value == configName:
		l.unknown(where, key.Value)
	case repeated:
		l.blame(key.Value, where, "%s is set a second time", key.Value)
	case err != nil:
		l.blame(key.Value, where, "%s %v", key.Value, err)
	default:
		set[key.Value] = value{text, where}
	}
}

// scalar is the text of a single value, or of a list of them.
func scalar(n *yaml.Node) (string, error) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "", nil
	case n.Kind == yaml.ScalarNode:
		return n.Value, nil
	case n.Kind == yaml.SequenceNode:
		var parts []string
		for _, member := range n.Content {
			part, err := scalar(member)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, ", "), nil
	}
	return "", errors.New("must be a single value")
}
