package access

import "errors"

// maxClaims bounds each list that another program says of an identity.
const maxClaims = 64

// identityOf reads what another program says of an identity. What cannot be read is refused: who is meant
// to see less must not see more.
func identityOf(user any, claims map[string]any) (id Identity, err error) {
	id.User, _ = user.(string)
	if !PlainName(id.User) {
		return Identity{}, errors.New("the user is no name: at most 64 letters, digits, - _ . @")
	}
	if id.Roles, err = listOf(claims["roles"], PlainName); err != nil {
		return Identity{}, errors.New("roles is no list of names")
	}
	if id.Channels, err = listOf(claims["channels"], plainPattern); err != nil {
		return Identity{}, errors.New("channels is no list of names of channels")
	}
	routers := claims["routers"]
	if one, ok := routers.(string); ok {
		routers = []any{one}
	}
	terms, err := listOf(routers, func(s string) bool { return s != "" })
	if err != nil {
		return Identity{}, errors.New("routers is no list of tag=value")
	}
	if id.Routers, err = NewSelector(terms); err != nil {
		return Identity{}, err
	}
	if terms != nil && id.Routers == nil { // an empty list is none, not all
		return Identity{}, errors.New("routers is empty: leave it out for all")
	}
	return id, nil
}

// listOf reads a list of texts; nil if there is none.
func listOf(v any, good func(string) bool) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	items, ok := v.([]any)
	if !ok || len(items) > maxClaims {
		return nil, errors.New("no list")
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		s, _ := item.(string)
		if !good(s) {
			return nil, errors.New("no text that is allowed")
		}
		list = append(list, s)
	}
	return list, nil
}
